import { describe, expect, it } from 'vitest'
import { momentOf, nextClockChange, wallOf } from './zoned'

const back = (wall: string, zone: string) => new Date(momentOf(wall, zone)).toISOString()

describe("a site's wall clock", () => {
  it('is read and written in the zone, not in the browser’s', () => {
    expect(wallOf(Date.parse('2026-11-22T23:30:59Z'), 'Asia/Hong_Kong')).toBe('2026-11-23T07:30')
    expect(back('2026-11-23T07:30', 'Asia/Hong_Kong')).toBe('2026-11-22T23:30:00.000Z')
    expect(back('2026-07-01T00:05', 'Europe/Amsterdam')).toBe('2026-06-30T22:05:00.000Z')
  })
  it('takes the earlier of two moments, and the hour after one that never was', () => {
    expect(back('2026-10-25T02:30', 'Europe/Amsterdam')).toBe('2026-10-25T00:30:00.000Z')
    expect(back('2026-03-29T02:30', 'Europe/Amsterdam')).toBe('2026-03-29T01:30:00.000Z')
  })
  it('is put forward and back, in some zones', () => {
    const next = (zone: string, from: string) => {
      const found = nextClockChange(zone, Date.parse(from))
      return found && [new Date(found.at).toISOString(), found.before, found.after]
    }
    expect(next('Europe/Amsterdam', '2026-11-23T03:00:30Z')).toEqual([
      '2027-03-28T01:00:00.000Z',
      '02:00',
      '03:00',
    ])
    expect(next('Europe/Amsterdam', '2026-08-01T00:00:00Z')).toEqual([
      '2026-10-25T01:00:00.000Z',
      '03:00',
      '02:00',
    ])
    expect(next('Asia/Hong_Kong', '2026-11-23T00:00:00Z')).toBeUndefined()
  })
  it('says when there is none', () => {
    expect(momentOf('', 'UTC')).toBeNaN()
  })
})
