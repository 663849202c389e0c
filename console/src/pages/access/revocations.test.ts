import { describe, expect, it } from 'vitest'
import { closedOf, shownOf, tookOf, troubleOf, type EdgeItem } from './revocations'

const edge = (more: Partial<EdgeItem>): EdgeItem => ({
  point: 'hq-1',
  state: 'connected',
  newest: 7,
  snapshot: 7,
  clock_trusted: true,
  records_lost: 0,
  doors: 2,
  ...more,
})

describe('revocations', () => {
  it('shows nothing as revoked that is not confirmed everywhere', () => {
    expect(shownOf({ act: 'revoke', state: 'unconfirmed' })).toBe('unconfirmed')
    expect(shownOf({ act: 'revoke', state: 'done' })).toBe('revoked')
    expect(shownOf({ act: 'suspend', state: 'done' })).toBe('suspended')
    expect(shownOf({ act: 'lift', state: 'superseded' })).toBe('superseded')
  })

  it('counts receipts and the time to the last one', () => {
    expect(closedOf({ points: 3, silent: ['a'] })).toBe(2)
    expect(tookOf({ at: '2026-01-01T00:00:00Z', done_at: '2026-01-01T00:00:00.250Z' })).toBe(250)
    expect(tookOf({ at: '2026-01-01T00:00:00Z' })).toBeUndefined()
  })

  it('names what is wrong with an edge, gravest first', () => {
    expect(troubleOf(edge({}))).toBeUndefined()
    expect(troubleOf(edge({ state: 'away', snapshot: 1 }))).toBe('away')
    expect(troubleOf(edge({ clock_trusted: false, snapshot: 1 }))).toBe('clock')
    expect(troubleOf(edge({ snapshot: 6 }))).toBe('behind')
    expect(troubleOf(edge({ records_lost: 3 }))).toBe('lost')
    expect(troubleOf(edge({ state: 'invited', snapshot: null }))).toBeUndefined()
  })
})
