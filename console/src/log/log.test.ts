import { describe, expect, it } from 'vitest'
import { dayOf } from '../time/format'
import { periodOf, reportName } from './period'
import { byDay, corrections, momentOfDraft, type Occurrence } from './occurrences'

const entry = (id: string, at: string, more: Partial<Occurrence> = {}): Occurrence => ({
  id,
  at,
  recorded_at: at,
  by: 'op-1',
  site: 'hkg',
  kind: 'note',
  text: id,
  ...more,
})

describe('the occurrence log', () => {
  it('is read by days of the site, the newest first', () => {
    const list = [
      entry('a', '2026-11-22T15:00:00Z'),
      entry('b', '2026-11-22T17:00:00Z'),
      entry('c', '2026-11-22T16:30:00Z'),
    ]
    const days = byDay(list, (one) => dayOf(one.at, 'Asia/Hong_Kong'))
    expect(days.map(({ day, entries }) => [day, ...entries.map(({ id }) => id)])).toEqual([
      ['23 Nov', 'b', 'c'],
      ['22 Nov', 'a'],
    ])
  })
  it('takes the newest correction of an entry for the one that counts', () => {
    const found = corrections([
      entry('c2', '2026-11-22T15:20:00Z', { corrects: 'a' }),
      entry('c1', '2026-11-22T15:10:00Z', { corrects: 'a' }),
      entry('a', '2026-11-22T15:00:00Z'),
    ])
    expect(found.get('a')?.id).toBe('c2')
    expect(found.has('c1')).toBe(false)
  })
})

describe('a correction', () => {
  const exact = '2026-11-22T14:02:11.250Z'
  it('keeps the second at which it happened, until somebody types another minute', () => {
    expect(momentOfDraft({ wall: '2026-11-22T15:02', exact }, 'Europe/Amsterdam')).toBe(
      Date.parse(exact),
    )
    expect(momentOfDraft({ wall: '2026-11-22T15:03', exact }, 'Europe/Amsterdam')).toBe(
      Date.parse('2026-11-22T14:03:00Z'),
    )
    expect(momentOfDraft({ wall: '', exact }, 'UTC')).toBeUndefined()
  })
})

describe('the period of a shift report', () => {
  const now = Date.parse('2026-11-22T14:02:11Z')
  it('ends now, or is what was typed in the site’s own time', () => {
    expect(periodOf({ hours: 8 }, 'UTC', now)).toEqual({
      from: '2026-11-22T06:02:00.000Z',
      to: '2026-11-22T14:03:00.000Z',
    })
    expect(
      periodOf({ from: '2026-11-22T06:00', to: '2026-11-22T14:00' }, 'Asia/Hong_Kong', now),
    ).toEqual({ from: '2026-11-21T22:00:00.000Z', to: '2026-11-22T06:00:00.000Z' })
  })
  it('does not end before now where it ends in the minute that runs', () => {
    const typed = periodOf({ from: '2026-11-22T06:00', to: '2026-11-22T14:02' }, 'UTC', now)
    expect(typed?.to).toBe('2026-11-22T14:03:00.000Z')
    const past = periodOf({ from: '2026-11-22T06:00', to: '2026-11-22T14:01' }, 'UTC', now)
    expect(past?.to).toBe('2026-11-22T14:01:00.000Z')
  })
  it('is refused where it has no length or is longer than the server reports', () => {
    const typed = (from: string, to: string) => periodOf({ from, to }, 'UTC', now)
    expect(typed('2026-11-22T14:00', '2026-11-22T14:00')).toBeUndefined()
    expect(typed('', '2026-11-22T14:00')).toBeUndefined()
    expect(typed('2026-10-01T00:00', '2026-11-22T14:00')).toBeUndefined()
  })
  it('names the file after the site and its own time', () => {
    const period = { from: '2026-11-21T22:00:00.000Z', to: '2026-11-22T06:00:00.000Z' }
    expect(reportName(period, 'hkg', 'Asia/Hong_Kong')).toBe(
      'shift-hkg-2026-11-22-0600-to-2026-11-22-1400.pdf',
    )
  })
})
