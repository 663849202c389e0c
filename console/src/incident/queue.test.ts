import { describe, expect, it } from 'vitest'
import { isMine, isOfferedTo } from './filter'
import { advance, byUrgency, offeredFirst, step } from './queue'
import { incident } from './sample'

const empty = { order: [], arrived: [] }

describe('the order of the queue', () => {
  it('puts the gravest first, then those nobody answers to, then the newest', () => {
    const list = [
      incident('old-low', 'low', 'new', { opened_at: '2026-11-22T08:00:00Z' }),
      incident('taken-high', 'high', 'acknowledged', { opened_at: '2026-11-22T08:00:09Z' }),
      incident('new-high', 'high', 'new', { opened_at: '2026-11-22T08:00:01Z' }),
      incident('newer-high', 'high', 'new', { opened_at: '2026-11-22T08:00:02Z' }),
      incident('critical', 'critical', 'in_progress', { opened_at: '2026-11-22T07:00:00Z' }),
    ]
    expect([...list].sort(byUrgency).map((i) => i.id)).toEqual([
      'critical',
      'newer-high',
      'new-high',
      'taken-high',
      'old-low',
    ])
  })
})

describe('a hand-over', () => {
  const offer = (kind: 'team' | 'person', id: string, by = 'op-ana') => ({
    handling: {
      offer: { to: { kind, id }, by, at: '2026-11-22T08:00:00Z', until: '2026-11-22T08:15:00Z' },
    },
    owner: { kind: 'person' as const, id: 'ana' },
  })
  const ben = { operator: 'op-ben', person: 'ben', teams: ['guard'] }
  const given = incident('given', 'low', 'acknowledged', offer('person', 'ben'))

  it("is its receiver's and nobody else's, and is seen among theirs", () => {
    expect(isOfferedTo(given, ben)).toBe(true)
    expect(isMine(given, ben)).toBe(true)
    expect(isOfferedTo(given, { person: 'cai', teams: ['guard'] })).toBe(false)
    expect(isOfferedTo({ ...given, state: 'resolved' }, ben)).toBe(false)
  })

  it("to a team is everybody's of it but who offers", () => {
    const toTeam = incident('t', 'low', 'acknowledged', offer('team', 'guard'))
    expect(isOfferedTo(toTeam, ben)).toBe(true)
    expect(isOfferedTo(toTeam, { operator: 'op-ana', person: 'ana', teams: ['guard'] })).toBe(false)
    expect(isOfferedTo(toTeam, { operator: 'op-cai', person: 'cai', teams: ['soc'] })).toBe(false)
  })

  it('stands on top of what is mine, however grave the rest is', () => {
    const list = [incident('grave', 'critical'), given]
    const order = advance(
      empty,
      list,
      false,
      offeredFirst((one) => isOfferedTo(one, ben)),
    ).order
    expect(order).toEqual(['given', 'grave'])
  })
})

describe('new arrivals', () => {
  const before = advance(empty, [incident('a', 'high'), incident('b', 'low')], false)

  it('do not move a row while the cursor holds the queue, however grave they are', () => {
    const now = [incident('c', 'critical'), incident('a', 'high'), incident('b', 'low')]
    const held = advance(before, now, true)
    expect(held.order).toEqual(['a', 'b'])
    expect(held.arrived).toEqual(['c'])
  })

  it('take their place once they are let in', () => {
    const now = [incident('c', 'critical'), incident('a', 'high'), incident('b', 'low')]
    const let_in = advance(advance(before, now, true), now, false)
    expect(let_in).toEqual({ order: ['c', 'a', 'b'], arrived: [] })
  })

  it('do not make a row that is done vanish from under the cursor', () => {
    const held = advance(before, [incident('b', 'low')], true)
    expect(held.order).toEqual(['a', 'b'])
  })

  it('fill an empty queue at once, cursor or not', () => {
    expect(advance(empty, [incident('a')], true).order).toEqual(['a'])
  })

  it('change nothing when nothing is new, so that nothing renders again', () => {
    const list = [incident('a', 'high'), incident('b', 'low')]
    const once = advance(before, list, true)
    expect(advance(once, list, true)).toBe(once)
  })
})

describe('j and k', () => {
  it('stay within the list and begin at its ends', () => {
    const order = ['a', 'b', 'c']
    expect(step(order, undefined, 1)).toBe('a')
    expect(step(order, undefined, -1)).toBe('c')
    expect(step(order, 'b', 1)).toBe('c')
    expect(step(order, 'c', 1)).toBe('c')
    expect(step(order, 'gone', 1)).toBe('a')
    expect(step([], 'a', 1)).toBeUndefined()
  })
})
