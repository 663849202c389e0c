import { describe as group, expect, it } from 'vitest'
import type { EventItem, OcsfEvent } from '../api/types'
import { eventKey, whereInWords, whereOf, withoutEchoes } from './describe'

const traffic = (kind: string, more: object = {}): OcsfEvent => ({
  class_uid: 4001,
  castellan: { place: { id: 'datacentre' }, src: { asset: 'pc', kind, place: 'west', ...more } },
})

group('where something happened', () => {
  it('is where the thing stands, and not where its traffic was seen', () => {
    expect(whereOf(traffic('workstation'))).toEqual({ place: 'west' })
    const laptop = traffic('laptop', { owner: { id: 'ana' } })
    expect(whereOf(laptop).place).toBeUndefined()
    expect(whereInWords(laptop, (entity) => `<${entity}>`)).toBe('Laptop of <person:ana>')
    expect(whereInWords({ class_uid: 4001 }, String)).toBe('')
  })

  it('is the place of an event at a door or a host', () => {
    const passage = { class_uid: 4_230_001, castellan: { place: { id: 'd-main' } } }
    expect(whereInWords(passage, String)).toBe('place:d-main')
  })
})

group('a badge read', () => {
  const item = (record: number, part: number, event: OcsfEvent): EventItem => ({
    record,
    part,
    event,
    time: '',
    received_at: '',
  })
  const door = item(1, 0, { class_uid: 4_230_001 })
  const twin = item(1, 1, { class_uid: 3002, logon_type: 'badge' })
  const alone = item(2, 1, { class_uid: 3002, logon_type: 'badge' })

  it('is one line, and never none', () => {
    const shown = withoutEchoes([twin, door, alone], (one) => one)
    expect(shown.map(eventKey)).toEqual(['1.0', '2.1'])
  })
})
