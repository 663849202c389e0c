import { describe, expect, it } from 'vitest'
import { found, inOrder, ordersFor, toneOf, type ControlledDoor } from './doors'

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

describe('doors', () => {
  it('puts what wants eyes first', () => {
    const list = [
      door('a'),
      door('b', { heard: 'silent' }),
      door('c', { stands: 'held' }),
      door('d', { stands: 'fire' }),
      door('e', { stands: 'forced' }),
      door('0', { point: null, stands: null, heard: 'never' }),
    ]
    expect(inOrder(list).map((one) => one.door)).toEqual(['d', 'e', 'c', 'b', 'a', '0'])
  })

  it('offers nothing that locks while a door is released by fire', () => {
    expect(ordersFor(door('a', { stands: 'fire' }))).toEqual(['fire_reset'])
    expect(ordersFor(door('a', { stands: 'unlocked' }))).toContain('relock')
    expect(ordersFor(door('a'))).not.toContain('relock')
  })

  it('finds by the names of door and zone', () => {
    const names: Record<string, string> = { a: 'Front door', hall: 'Data hall' }
    const list = [door('a'), door('b', { zone: 'lobby' })]
    const by = (text: string) => found(list, text, (id) => names[id] ?? id).map((one) => one.door)
    expect(by('front')).toEqual(['a'])
    expect(by('LOBBY')).toEqual(['b'])
    expect(by('edge-1')).toEqual(['a', 'b'])
    expect(by(' ')).toEqual(['a', 'b'])
  })

  it('never calls an unknown state good', () => {
    expect(toneOf(null)).toBeUndefined()
    expect(toneOf('closed')).toBe('good')
  })
})
