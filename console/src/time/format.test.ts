import { describe, expect, it } from 'vitest'
import {
  clockTime,
  dayOf,
  fullTime,
  isSameClock,
  isZone,
  shortSpan,
  shortTime,
  span,
  zoneName,
} from './format'

const at = '2026-11-22T23:30:05.123456789Z'

describe('a moment', () => {
  it("is told in its site's zone, to the second, in 24 hours", () => {
    expect(clockTime(at, 'UTC')).toBe('23:30:05')
    expect(clockTime(at, 'Asia/Hong_Kong')).toBe('07:30:05')
    expect(dayOf(at, 'Asia/Hong_Kong')).toBe('23 Nov')
    expect(fullTime(at, 'Europe/Amsterdam')).toMatch(/^Mon,? 23 Nov 2026, 00:30:05$/)
  })
  it('has its day when that is not today there', () => {
    const now = Date.parse('2026-11-22T23:45:00Z')
    expect(shortTime(at, 'UTC', now)).toBe('23:30:05')
    expect(shortTime(at, 'UTC', now + 3_600_000)).toBe('22 Nov 23:30:05')
  })
  it('knows when two zones show the same clock', () => {
    expect(isSameClock(at, 'Europe/Amsterdam', 'Europe/Paris')).toBe(true)
    expect(isSameClock(at, 'Europe/Amsterdam', 'UTC')).toBe(false)
  })
  it('survives what is no time and no zone', () => {
    expect(clockTime('yesterday', 'UTC')).toBe('yesterday')
    expect(isZone('Mars/Olympus')).toBe(false)
    expect(zoneName(at, 'UTC')).toBe('UTC')
  })
})

describe('a span', () => {
  it('is said in its two largest units, never negative', () => {
    expect(span(-5)).toBe('0 s')
    expect(span(12_900)).toBe('12 s')
    expect(span(4 * 60_000 + 30_000)).toBe('4 min')
    expect(span(2 * 3_600_000 + 5 * 60_000)).toBe('2 h 5 min')
    expect(span(3 * 86_400_000)).toBe('3 d')
    expect(shortSpan(2 * 3_600_000 + 5 * 60_000)).toBe('2 h')
    expect(shortSpan(-1)).toBe('0 s')
  })
})
