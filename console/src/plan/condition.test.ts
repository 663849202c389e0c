import { expect, it } from 'vitest'
import type { ControlledDoor, DoorState } from '../api/types'
import { isSaid, joined, wantsEyes } from './condition'

const door = (more: Partial<ControlledDoor> = {}): ControlledDoor => ({
  door: 'd',
  point: 'edge-1',
  zone: 'hall',
  asks: 'card',
  stands: 'closed',
  since: '2026-01-01T00:00:00Z',
  is_released: false,
  heard: 'live',
  lease: 'current',
  lease_s: 600,
  lockdown: false,
  locked: false,
  open_commands: 0,
  may: { operate: { allowed: true }, lockdown: { allowed: true } },
  ...more,
})
const shown = (more: Partial<ControlledDoor>) => joined(undefined, [door(more)])?.get('d')

it('believes the road that decides at a door, and keeps who was there last', () => {
  const last = { at: '2026-01-01T00:00:00Z', granted: true, record: 7, part: 0 }
  const watched = new Map<string, DoorState>([
    ['d', { door: 'd', state: 'forced', last }],
    ['other', { door: 'other', state: 'held' }],
  ])
  const both = joined(watched, [door(), door({ door: 'other', point: null, stands: null })])
  expect(both?.get('d')).toMatchObject({ state: 'closed', last })
  expect(both?.get('other')?.state).toBe('held')
  expect(joined(watched, undefined)).toBe(watched)
})

it('says nothing of a door whose point is away', () => {
  const since = '2026-01-02T00:00:00Z'
  expect(shown({ heard: 'silent', stands: 'forced', silent_since: since })).toMatchObject({
    state: 'offline',
    since,
  })
  expect(shown({ heard: 'never', stands: null })?.state).toBe('unknown')
})

it('shows a lockdown at a door that is shut, and the alarm at one that is not', () => {
  expect(shown({ lockdown: true })).toMatchObject({ state: 'lockdown' })
  expect(shown({ lockdown: true })?.since).toBeUndefined()
  expect(shown({ locked: true })?.state).toBe('locked')
  expect(shown({ lockdown: true, stands: 'forced' })?.state).toBe('forced')
  expect(shown({ lockdown: true, stands: 'open' })?.state).toBe('open')
})

it('tells a door that its hours unlock from one that somebody left unlocked', () => {
  expect(shown({ stands: 'unlocked', by_schedule: true })?.state).toBe('scheduled')
  expect(shown({ stands: 'unlocked' })?.state).toBe('unlocked')
})

it('never says of a lockdown since when the door is shut', () => {
  const since = '2026-01-01T00:00:00Z'
  const watched = new Map<string, DoorState>([['d', { door: 'd', state: 'normal', since }]])
  for (const more of [{ lockdown: true }, { locked: true }, { heard: 'never' as const }]) {
    expect(joined(watched, [door(more)])?.get('d')?.since).toBeUndefined()
  }
})

it('asks for eyes where something is wrong, and for a word where it is not ordinary', () => {
  expect(wantsEyes('forced')).toBe(true)
  expect(wantsEyes('offline')).toBe(true)
  expect(wantsEyes('lockdown')).toBe(false)
  expect(wantsEyes(undefined)).toBe(false)
  expect(isSaid('unlocked')).toBe(true)
  expect(isSaid('closed')).toBe(false)
  expect(isSaid('unknown')).toBe(false)
})
