import { describe, expect, it } from 'vitest'
import type { EventItem, PersonItem } from '../../api/types'
import {
  dayOn,
  presenceIn,
  SPAN_MS,
  spanOf,
  standing,
  stretchesOf,
  type Stay,
} from './band'
import { grouped, validity } from './identifiers'
import { gravityOf, whyOf, type Passage } from './passage'
import { found, isVeiled, nameOfPerson } from './people'

const person = (own: Partial<PersonItem>): PersonItem =>
  ({
    id: 'ana.maria',
    kind: 'employee',
    status: 'active',
    team: 'it',
    site: 'hq',
    assets: ['ws-1'],
    identifiers: [{ kind: 'badge', value: '…560' }],
    ...own,
  }) as PersonItem

const NOW = Date.parse('2026-11-22T12:00:00Z')
const event = (own: object, time = '2026-11-22T11:00:00Z'): EventItem => ({
  record: 1,
  part: 0,
  time,
  received_at: time,
  event: { class_uid: 4_230_001, ...own },
})

describe('names', () => {
  it('shows a pseudonym until the server gives the name', () => {
    const veiled = person({ name: null, pseudonym: 'heron-12' })
    expect([nameOfPerson(veiled), isVeiled(veiled)]).toEqual(['heron-12', true])
    const told = person({ name: 'Ana Maria', pseudonym: 'heron-12' })
    expect([nameOfPerson(told), isVeiled(told)]).toEqual(['Ana Maria', false])
    expect([nameOfPerson(person({})), isVeiled(person({}))]).toEqual(['ana.maria', false])
  })

  it('finds people by every word, in any field', () => {
    expect(found([person({})], 'HQ 560')).toHaveLength(1)
    expect(found([person({})], 'hq 561')).toHaveLength(0)
    expect(found([person({})], ' ')).toHaveLength(1)
  })

  it('finds whose badge may have a whole number by its end, which is all that is shown', () => {
    expect(found([person({})], '104560')).toHaveLength(1)
    expect(found([person({})], '104561')).toHaveLength(0)
    expect(found([person({ identifiers: [] })], '104560')).toHaveLength(0)
  })
})

describe('identifiers', () => {
  it('keeps badges apart from accounts, and loses none', () => {
    const groups = grouped(
      ['badge', 'account', 'source_user', 'email'].map((kind) => ({ kind, value: 'x' })),
    )
    expect([groups.badge.length, groups.account.length, groups.other.length]).toEqual([1, 2, 1])
  })

  it('says when they hold', () => {
    expect(validity({ kind: 'badge', value: 'x', valid_to: '2026-11-22T12:00:00Z' }, NOW)).toBe(
      'over',
    )
    expect(validity({ kind: 'badge', value: 'x', valid_from: '2026-11-23T00:00:00Z' }, NOW)).toBe(
      'not_yet',
    )
    expect(validity({ kind: 'badge', value: 'x' }, NOW)).toBe('valid')
  })
})

describe('the last passage', () => {
  const passage = (own: Partial<Passage>): Passage => ({
    at: '2026-11-22T11:00:00Z',
    record: 1,
    part: 0,
    turn: 'passed',
    ...own,
  })

  it('is grave where a door opened to a badge that is not in force', () => {
    expect(gravityOf(passage({ credential: 'revoked' }))).toBe('high')
    expect(gravityOf(passage({ credential: 'expired', turn: 'refused' }))).toBe('low')
    expect(gravityOf(passage({ credential: 'current' }))).toBeUndefined()
    expect(gravityOf(passage({}))).toBeUndefined()
  })

  it('says why it does not say where they are, and of who has left that they have', () => {
    const ended = passage({ uncounted: 'not_in_force' })
    expect([whyOf(ended, true), whyOf(ended, false)]).toEqual(['left', 'not_in_force'])
    expect(whyOf(passage({ uncounted: 'refused' }), true)).toBe('refused')
    expect(whyOf(passage({}), true)).toBeUndefined()
  })
})

describe('the band', () => {
  it('reads presence from the newest event that knows it', () => {
    const presence = { state: 'in', zone: 'hq-east', since: '2026-11-22T09:00:00Z' }
    expect(presenceIn([event({}), event({ castellan: { presence } })])[0]).toMatchObject({
      place: 'hq-east',
      state: 'in',
    })
    expect(presenceIn([event({ castellan: { presence: 'nonsense' } })])).toEqual([])
  })

  it('draws stays of the last day, cut to it, and says where somebody stands now', () => {
    const hour = (n: number) => new Date(NOW + n * 3_600_000).toISOString()
    const stays: Stay[] = [
      { world: 'physical', state: 'out', since: hour(-40), until: hour(-30) },
      { world: 'physical', state: 'in', place: 'hq', since: hour(-30), until: hour(-20) },
      { world: 'physical', state: 'unknown', why: 'aged', since: hour(-20) },
      { world: 'network', state: 'in', place: 'ws-1', since: hour(-2), until: hour(-1) },
    ]
    expect(
      stretchesOf(stays, 'physical', NOW).map(({ state, from_ms, to_ms }) => [
        state,
        (from_ms - NOW) / 3_600_000,
        (to_ms - NOW) / 3_600_000,
      ]),
    ).toEqual([
      ['in', -24, -20],
      ['unknown', -20, 0],
    ])
    expect(standing(stays).map(({ why }) => why)).toEqual(['aged'])
  })
})

describe('a span of the past', () => {
  const startOf = (day: string) => Date.parse(`${day}T00:00:00Z`)
  const now = Date.parse('2026-11-23T09:00:00Z')

  it('is a day, or the days up to one, and never beyond now', () => {
    const day = spanOf({ day: '2026-11-20' }, now, startOf)
    expect([day.from, day.to]).toEqual([startOf('2026-11-20'), startOf('2026-11-21')])
    const week = spanOf({ day: '2026-11-20', days: '7' }, now, startOf)
    expect([week.from, week.to]).toEqual([startOf('2026-11-14'), startOf('2026-11-21')])
    expect(spanOf({ day: '2026-11-23' }, now, startOf).to).toBe(now)
    expect(spanOf({ day: '2026-12-24' }, now, startOf).to).toBe(now)
    expect(spanOf({ day: 'soon', days: '400' }, now, startOf).from).toBe(now - SPAN_MS)
  })

  it('steps over months', () => {
    expect(dayOn('2026-12-01', -1)).toBe('2026-11-30')
    expect(dayOn('2024-02-28', 1)).toBe('2024-02-29')
  })
})
