import { describe, expect, it } from 'vitest'
import { isFlood, rowsOf } from './flood'
import { incident } from './sample'

const held = (id: string, opened_at = '2026-11-22T08:00:00Z') =>
  incident(id, 'medium', 'new', { title: 'Door held open', site: 'dc', opened_at })

describe('a flood', () => {
  const now = Date.parse('2026-11-22T08:10:00Z')
  it('is ten in ten minutes, not nine, and not ten in an hour', () => {
    const recent = Array.from({ length: 10 }, (_, i) => held(`r${i}`, '2026-11-22T08:05:00Z'))
    const old = Array.from({ length: 10 }, (_, i) => held(`o${i}`, '2026-11-22T07:30:00Z'))
    expect(isFlood(recent, now)).toBe(true)
    expect(isFlood(recent.slice(1), now)).toBe(false)
    expect(isFlood([...recent.slice(5), ...old], now)).toBe(false)
  })
})

describe('rows grouped by cause', () => {
  const list = [
    incident('forced', 'critical', 'new', { title: 'Door forced', site: 'dc' }),
    held('h1'),
    held('h2'),
    held('h3'),
    incident('other-site', 'medium', 'new', { title: 'Door held open', site: 'hq' }),
  ]
  const byId = new Map(list.map((one) => [one.id, one]))
  const order = list.map((one) => one.id)

  it('stand where the first of them stood; few of a kind stay single', () => {
    const rows = rowsOf(order, byId, true, new Set())
    expect(rows.map((r) => (r.kind === 'group' ? `${r.ids.length} of ${r.level}` : r.id))).toEqual([
      'forced',
      '3 of medium',
      'other-site',
    ])
  })

  it('show their members below when opened, and nothing twice', () => {
    const rows = rowsOf(order, byId, true, new Set(['dc|Door held open']))
    expect(rows.map((r) => (r.kind === 'group' ? 'group' : r.id))).toEqual([
      'forced',
      'group',
      'h1',
      'h2',
      'h3',
      'other-site',
    ])
  })

  it('leave the order alone when nothing is grouped', () => {
    expect(
      rowsOf(order, byId, false, new Set()).map((r) => (r.kind === 'incident' ? r.id : '')),
    ).toEqual(order)
  })

  it('carry the gravest level of their members', () => {
    const graver = new Map(byId).set('h3', { ...held('h3'), level: 'high' as const })
    const group = rowsOf(order, graver, true, new Set()).find((r) => r.kind === 'group')
    expect(group).toMatchObject({ level: 'high' })
  })
})
