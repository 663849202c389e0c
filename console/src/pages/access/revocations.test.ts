import { describe, expect, it } from 'vitest'
import { closedOf, endOf, isOlder, shownOf, tookOf, troubleOf, type EdgeItem } from './revocations'

const edge = (more: Partial<EdgeItem>): EdgeItem => ({
  point: 'hq-1',
  state: 'connected',
  newest: '1795665638000000007',
  snapshot: '1795665638000000007',
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

  it('compares versions that no number holds exactly, and shows their ends', () => {
    expect(isOlder('1795665638000000006', '1795665638000000007')).toBe(true)
    expect(isOlder('1795665638000000007', '1795665638000000007')).toBe(false)
    expect(isOlder('9', '10')).toBe(true)
    expect(isOlder(null, '10')).toBe(false)
    expect(endOf('1795665638000000007')).toBe('…000007')
    expect(endOf('17')).toBe('17')
  })

  it('names what is wrong with an edge, gravest first', () => {
    expect(troubleOf(edge({}))).toBeUndefined()
    expect(troubleOf(edge({ state: 'away', snapshot: '1' }))).toBe('away')
    expect(troubleOf(edge({ clock_trusted: false, snapshot: '1' }))).toBe('clock')
    expect(troubleOf(edge({ snapshot: '1795665638000000006' }))).toBe('behind')
    expect(troubleOf(edge({ records_lost: 3 }))).toBe('lost')
    expect(troubleOf(edge({ state: 'invited', snapshot: null }))).toBeUndefined()
  })
})
