import { describe, expect, it } from 'vitest'
import type { EventItem } from '../../api/types'
import { asked, momentsOf, readMoments, timeOfWall, wallOfMoment, writeMoments } from './moments'

describe('a question in the address', () => {
  it('comes back as it was written', () => {
    const moments = [
      { time: '2026-11-23T09:00:00Z', place: 'west', event: '12.0' },
      { time: '2026-11-23T09:05:00.250Z', place: undefined, event: undefined },
    ]
    expect(readMoments(writeMoments(moments))).toEqual(moments)
  })

  it('leaves out what is no moment', () => {
    const text = 'yesterday,2026-13-40T00:00:00Z,2026-11-23T09:00:00Z@<b>,2026-11-23T09:00:00Z@west'
    expect(readMoments(text).map(({ place }) => place)).toEqual(['west'])
    expect(readMoments(undefined)).toEqual([])
  })

  it('takes each record of the events once, in order of time', () => {
    const item = (record: number, part: number, time: string): EventItem => ({
      record,
      part,
      time,
      received_at: time,
      event: { castellan: { place: { id: 'd-west' } } },
    })
    const of = momentsOf([
      item(8, 0, '2026-11-23T09:05:00Z'),
      item(7, 0, '2026-11-23T09:00:00Z'),
      item(8, 1, '2026-11-23T09:05:00Z'),
    ])
    expect(of.map(({ event, place }) => [event, place])).toEqual([
      ['7.0', 'd-west'],
      ['8.1', 'd-west'],
    ])
    expect(asked(of)[0]!.event).toEqual({ record: 7, part: 0 })
  })

  it('keeps the seconds of a wall clock', () => {
    const time = '2026-11-23T09:00:42.000Z'
    const wall = wallOfMoment(time, 'Europe/Amsterdam')
    expect(wall).toBe('2026-11-23T10:00:42')
    expect(timeOfWall(wall, 'Europe/Amsterdam')).toBe(time)
    expect(timeOfWall('2026-11-23T10:00', 'Europe/Amsterdam')).toBe('2026-11-23T09:00:00.000Z')
    expect(timeOfWall('', 'UTC')).toBeUndefined()
  })
})
