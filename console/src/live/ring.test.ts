import { expect, it } from 'vitest'
import { Ring } from './ring'

it('a ring keeps the newest, newest first, and counts what fell out', () => {
  const ring = new Ring<number>(3)
  for (let i = 1; i <= 5; i += 1) ring.push(i)
  expect(ring.newest()).toEqual([5, 4, 3])
  expect(ring.fallen).toBe(2)
  ring.clear()
  expect(ring.newest()).toEqual([])
})
