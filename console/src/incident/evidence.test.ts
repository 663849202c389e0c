import { describe, expect, it } from 'vitest'
import type { EventItem } from '../api/types'
import { eventKey } from '../event/describe'
import { evidenceOf, isAbout } from './evidence'

const item = (record: number, part: number, event: object): EventItem => ({
  record,
  part,
  time: new Date(record * 1_000).toISOString(),
  received_at: new Date(record * 1_000).toISOString(),
  event: { class_uid: 4_230_001, ...event },
})
const passage = (record: number, person: string, place = 'd-main') =>
  item(record, 0, { castellan: { person, place: { id: place } } })

describe('evidence', () => {
  const entities = new Set(['person:ana', 'place:d-main', 'place:west'])
  const about = (event: EventItem['event']) =>
    isAbout(event, entities, (place) => place.startsWith('d-'))

  it('is about its people, things and doors, and not about whoever is in the same room', () => {
    expect(about(passage(1, 'ana', 'd-side').event)).toBe(true)
    expect(about(passage(1, 'ben', 'd-main').event)).toBe(true)
    expect(about(passage(1, 'ben', 'west').event)).toBe(false)
  })

  it('comes first, each fact once, and what is around it after it', () => {
    const echo = item(5, 1, { class_uid: 3002, logon_type: 'badge' })
    const found = evidenceOf(
      [echo],
      [passage(5, 'ana'), passage(3, 'ben', 'west'), passage(9, 'ana')],
      about,
    )
    expect(found.about.map(eventKey)).toEqual(['5.0', '9.0'])
    expect(found.around.map(eventKey)).toEqual(['3.0'])
    expect([...found.own]).toEqual(['5.0'])
  })

  it('keeps a sign-in by badge whose door event is not at hand', () => {
    const echo = item(5, 1, { class_uid: 3002, logon_type: 'badge' })
    expect(evidenceOf([echo], [], about).about.map(eventKey)).toEqual(['5.1'])
  })
})
