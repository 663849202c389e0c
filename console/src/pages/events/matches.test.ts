import { describe, expect, it } from 'vitest'
import { matches } from './matches'

const event = {
  class_uid: 4_230_001,
  time: Date.parse('2026-11-22T12:00:00Z'),
  castellan: {
    person: 'ana',
    source: 'pacs-hq',
    place: { id: 'hq-d-main', zone: 'hq-lobby', site: 'hq' },
  },
  src_endpoint: { ip: '10.0.0.7' },
}
const raw = JSON.stringify(event)
const above = (place: string) => (place === 'hq-d-main' ? ['hq-d-main', 'hq', 'europe'] : [place])
const says = (query: Parameters<typeof matches>[2]) => matches(event, raw, query, above)

describe('the live filter', () => {
  it('means what the search means', () => {
    expect(says({})).toBe(true)
    expect(says({ person: 'ana', class: '4230001', ip: '10.0.0.7' })).toBe(true)
    expect(says({ person: 'bob' })).toBe(false)
    expect(says({ text: 'PACS' })).toBe(true)
    expect(says({ text: 'nothing like it' })).toBe(false)
  })

  it('counts a place and everything in it', () => {
    expect(says({ place: 'europe' })).toBe(true)
    expect(says({ place: 'hq-lobby' })).toBe(true)
    expect(says({ place: 'asia' })).toBe(false)
    expect(says({ site: 'hq' })).toBe(true)
  })

  it('keeps to the time asked for', () => {
    expect(says({ from: '2026-11-22T12:00:00.000Z' })).toBe(true)
    expect(says({ to: '2026-11-22T12:00:00.000Z' })).toBe(false)
  })
})
