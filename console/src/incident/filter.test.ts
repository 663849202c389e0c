import { describe, expect, it } from 'vitest'
import { matches, readFilter, viewQuery } from './filter'
import { incident } from './sample'

const me = { person: 'ria', teams: ['guard'] }
const shows = (query: Record<string, string>, one: ReturnType<typeof incident>) =>
  matches(one, readFilter(query), me)

describe('the filter in the address', () => {
  it('shows what is open when it says nothing', () => {
    expect(shows({}, incident('a'))).toBe(true)
    expect(shows({}, incident('a', 'low', 'resolved'))).toBe(false)
    expect(shows({ state: 'all' }, incident('a', 'low', 'closed'))).toBe(true)
    expect(shows({ state: 'nonsense' }, incident('a'))).toBe(true)
  })
  it('takes a severity for itself and all that is graver', () => {
    expect(shows({ level: 'high' }, incident('a', 'critical'))).toBe(true)
    expect(shows({ level: 'high' }, incident('a', 'medium'))).toBe(false)
  })
  it("knows mine: my own and my teams'", () => {
    expect(shows({ owner: 'me' }, incident('a'))).toBe(true)
    expect(
      shows({ owner: 'me' }, incident('a', 'low', 'new', { owner: { kind: 'team', id: 'soc' } })),
    ).toBe(false)
    expect(
      shows({ owner: 'me' }, incident('a', 'low', 'new', { owner: { kind: 'person', id: 'ria' } })),
    ).toBe(true)
  })
  it('finds every word, wherever it stands', () => {
    const one = incident('a', 'low', 'new', { title: 'Door forced', entities: ['place:dc-d-dock'] })
    expect(shows({ q: 'dock FORCED' }, one)).toBe(true)
    expect(shows({ q: 'dock held' }, one)).toBe(false)
  })
  it('counts a snoozed one as snoozed, not as what it was', () => {
    const one = incident('a', 'low', 'acknowledged', {
      handling: {
        snooze: { by: 'op-1', until: '2026-11-22T10:00:00Z', reason: 'a contractor works there' },
      },
    })
    expect(shows({ state: 'acknowledged' }, one)).toBe(false)
    expect(shows({ state: 'snoozed' }, one)).toBe(true)
  })
  it('keeps of the address what a saved view is about, and no more', () => {
    expect(viewQuery({ level: 'high', i: 'i-1', q: 'a b', at: 'incident' })).toBe(
      'level=high&q=a+b',
    )
  })
})
