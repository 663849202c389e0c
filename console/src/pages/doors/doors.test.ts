import { describe, expect, it } from 'vitest'
import type { ControlledDoor, DoorCondition, Plan } from '../../api/types'
import {
  doorsOf,
  firstPlan,
  found,
  grouped,
  inOrder,
  isFresh,
  offPlans,
  ordersFor,
  planOf,
  type DoorCommand,
  type Row,
} from './doors'

const door = (id: string, more: Partial<ControlledDoor> = {}): ControlledDoor => ({
  door: id,
  point: 'edge-1',
  zone: 'hall',
  asks: 'card',
  stands: 'closed',
  is_released: false,
  heard: 'live',
  lease: 'current',
  lease_s: 600,
  lockdown: false,
  open_commands: 0,
  may: { operate: { allowed: true }, lockdown: { allowed: true } },
  ...more,
})
const row = (id: string, state: DoorCondition = 'closed', more = {}): Row => ({
  door: door(id, more),
  told: { door: id, state },
})
const ids = (rows: readonly Row[]) => rows.map((one) => one.door.door)

describe('doors', () => {
  it('puts what wants eyes first, ours or not, then ours', () => {
    const list = [
      row('a'),
      row('b', 'offline'),
      row('c', 'held'),
      row('d', 'fire'),
      row('e', 'forced', { point: null }),
      row('0', 'normal', { point: null }),
      row('1', 'unknown'),
    ]
    expect(ids(inOrder(list))).toEqual(['d', 'e', 'c', 'b', 'a', '1', '0'])
  })

  it('offers nothing that locks while a door is released by fire', () => {
    expect(ordersFor(door('a', { stands: 'fire' }))).toEqual(['fire_reset'])
    expect(ordersFor(door('a', { stands: 'unlocked' }))).toContain('relock')
    expect(ordersFor(door('a'))).not.toContain('relock')
  })

  it('offers new keys where a reader answers in a secure channel', () => {
    expect(ordersFor(door('a', { secure: true }))).toContain('rotate_keys')
    expect(ordersFor(door('a', { secure: false }))).not.toContain('rotate_keys')
  })

  it('offers the way back from what was ordered', () => {
    expect(ordersFor(door('a', { locked: true }))).toEqual([
      'release',
      'relock',
      'maintenance',
      'walk_test',
    ])
    expect(ordersFor(door('a', { work: 'maintenance' }))).toEqual([
      'release',
      'unlock',
      'lock',
      'end_work',
    ])
  })

  it('finds by the names of door and zone', () => {
    const names: Record<string, string> = { a: 'Front door', hall: 'Data hall' }
    const list = [row('a'), row('b', 'closed', { zone: 'lobby' })]
    const by = (text: string) => ids(found(list, text, (id) => names[id] ?? id))
    expect(by('front')).toEqual(['a'])
    expect(by('LOBBY')).toEqual(['b'])
    expect(by('edge-1')).toEqual(['a', 'b'])
    expect(by(' ')).toEqual(['a', 'b'])
  })
})

describe('receipts', () => {
  const command = (id: string, order: string, state: DoorCommand['state'] = 'confirmed') =>
    ({ id, order, state, door: id }) as DoorCommand

  it('tell those of one lockdown together', () => {
    const list = [command('1', 'lock_down'), command('2', 'release'), command('3', 'lock_down')]
    expect(grouped(list).map((group) => group.map(({ id }) => id))).toEqual([['1', '3'], ['2']])
  })

  it('stand longer where nobody confirmed', () => {
    expect(isFresh({ state: 'sent' }, 3_600_000)).toBe(true)
    expect(isFresh({ state: 'confirmed' }, 59_000)).toBe(true)
    expect(isFresh({ state: 'confirmed' }, 61_000)).toBe(false)
    expect(isFresh({ state: 'unconfirmed' }, 61_000)).toBe(true)
    expect(isFresh({ state: 'unconfirmed' }, 601_000)).toBe(false)
  })
})

describe('plans of doors', () => {
  const plan = (place: string, ...entities: string[]): Plan => ({
    place,
    width: 10,
    height: 10,
    image: '',
    marks: entities.map((entity) => ({ entity, x: 0, y: 0 })),
  })
  const plans = [
    plan('f0', 'place:other', 'asset:cam'),
    plan('f1', 'place:a', 'asset:cam'),
    plan('f2', 'place:b'),
  ]
  const other = row('other', 'normal', { point: null })

  it('begin with the door that wants eyes most, else with one of ours', () => {
    expect(firstPlan(plans, inOrder([other, row('a'), row('b', 'forced')]))?.place).toBe('f2')
    expect(firstPlan(plans, inOrder([other, row('b'), row('a')]))?.place).toBe('f1')
    expect(firstPlan(plans, [other])?.place).toBe('f0')
    expect(firstPlan([], [other])).toBeUndefined()
    expect(planOf(plans, 'b')?.place).toBe('f2')
  })

  it('hold doors alone, and those on none are told', () => {
    const rows = [other, row('a'), row('b'), row('nowhere')]
    expect(doorsOf(plans[1]!, rows).marks.map(({ entity }) => entity)).toEqual(['place:a'])
    expect(ids(offPlans(plans, rows))).toEqual(['nowhere'])
  })
})
