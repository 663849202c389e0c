import { expect, it } from 'vitest'
import { boundariesOf, healthOf, spread, sumOf } from './account'

const account = (boundary: string, outcome: string, records: number, reason = '') => ({
  boundary,
  source: 's',
  outcome,
  reason,
  records,
})

it('adds up what became of every record', () => {
  const sum = sumOf(
    [
      account('intake', 'received', 100),
      account('intake', 'kept', 90),
      account('intake', 'rejected', 6, 'too_long'),
      account('intake', 'dropped', 3, 'queue_full'),
      account('normalise', 'received', 90),
    ],
    'intake',
  )
  expect(sum).toMatchObject({
    received: 100,
    kept: 90,
    rejected: 6,
    dropped: 3,
    underway: 1,
    excess: 0,
  })
  expect(sum.kept + sum.rejected + sum.dropped + sum.underway).toBe(sum.received)
  expect(sum.reasons.map((one) => one.reason)).toEqual(['too_long', 'queue_full'])
})

it('says when more is accounted for than came', () => {
  expect(
    sumOf([account('intake', 'received', 1), account('intake', 'kept', 2)], 'intake').excess,
  ).toBe(1)
})

it('counts an outcome that it does not know as rejected, never as kept', () => {
  expect(sumOf([account('i', 'received', 1), account('i', 'novel', 1)], 'i').rejected).toBe(1)
})

it('orders boundaries as records pass them', () => {
  expect(
    boundariesOf([
      account('zz', 'kept', 1),
      account('normalise', 'kept', 1),
      account('intake', 'kept', 1),
    ]),
  ).toEqual(['intake', 'normalise', 'zz'])
})

it('knows the middle and both ends', () => {
  expect(spread([3, 1, 2])).toEqual({ least: 1, middle: 2, most: 3 })
  expect(spread([])).toBeUndefined()
})

it('says of a source that never spoke just that, and not that it is heard', () => {
  const accounts = [account('intake', 'received', 3)]
  const at = '2026-11-22T14:00:00Z'
  expect(healthOf({ state: 'heard', accounts: [] })).toBe('never')
  expect(healthOf({ accounts: [] })).toBe('never')
  expect(healthOf({ accounts })).toBe('unwatched')
  expect(healthOf({ id: 'unassigned', accounts: [] })).toBe('empty')
  expect(healthOf({ state: 'heard', last_heard: at, accounts: [] })).toBe('heard')
  expect(healthOf({ state: 'heard', accounts })).toBe('heard')
  expect(healthOf({ state: 'silent', accounts: [] })).toBe('silent')
})
