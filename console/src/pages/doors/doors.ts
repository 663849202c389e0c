/** Doors that we decide at: how they stand, what was asked of them, and who may be inside. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { hear } from '../../live/link'
import { useReading, type Reading } from '../../parts/reading'

export interface Offer {
  allowed: boolean
  refusal?: { code: string; message: string } | null
}

export type Stands =
  'closed' | 'unlocked' | 'open' | 'tamper' | 'trouble' | 'held' | 'forced' | 'fire'

export interface LastAnswer {
  at: string
  outcome: 'granted' | 'refused' | 'asked'
  because: string
  text: string
  person?: string | null
}

/** One door, as the road that decides at it tells. */
export interface ControlledDoor {
  door: string
  /** Who decides at it; nobody does where it is only watched. */
  point?: string | null
  zone: string
  from_zone?: string | null
  site?: string | null
  asks: string
  stands?: Stands | null
  since?: string | null
  is_released: boolean
  secure?: boolean | null
  heard: 'live' | 'silent' | 'never'
  rights_at?: string | null
  lease: 'current' | 'expired' | 'unknown'
  lease_s: number
  lockdown: boolean
  last?: LastAnswer | null
  open_commands: number
  may: { operate: Offer; lockdown: Offer }
}

export type OrderWord =
  | 'release'
  | 'unlock'
  | 'relock'
  | 'lock'
  | 'fire_reset'
  | 'maintenance'
  | 'walk_test'
  | 'end_work'

export type CommandState =
  'asked' | 'sent' | 'confirmed' | 'unconfirmed' | 'expired' | 'refused' | 'failed'

export interface DoorCommand {
  id: string
  door: string
  point?: string | null
  order: string
  reason?: string | null
  by: string
  at: string
  expires_at: string
  state: CommandState
  why?: string | null
  done_at?: string | null
}

export interface Lockdown {
  zone: string
  since: string
  ask_at?: string | null
  by: string
  reason?: string | null
}

export interface ThreatLevel {
  level: string
  since?: string | null
  by?: string | null
  reason?: string | null
}

export interface MusterEntry {
  person: string
  name?: string | null
  zone?: string | null
  since?: string | null
  evidence?: string | null
  why?: string | null
}

export interface Muster {
  area: string
  at: string
  inside: readonly MusterEntry[]
  possibly: readonly MusterEntry[]
  unheard: readonly string[]
}

const EVERY_MS = 5_000

/** A reading that one kind of message of the live stream makes stale. */
export function useLiveReading<T>(
  path: string | undefined,
  names: readonly string[],
  query: Record<string, string | number | undefined> = {},
): Reading<T> {
  const asked = useReading<T>(path, query, { every_ms: EVERY_MS })
  const queries = useQueryClient()
  const heard = names.join(',')
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    // A burst is one reading.
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined
        if (path) void queries.invalidateQueries({ queryKey: [path] })
      }, 200)
    }
    const ends = heard.split(',').map((name) => hear(name, soon))
    return () => {
      clearTimeout(timer)
      for (const end of ends) end()
    }
  }, [queries, path, heard])
  return asked
}

export const useDoors = () =>
  useLiveReading<ControlledDoor[]>('/v1/doors/control', ['door', 'command', 'edge'])

const GRAVITY: Record<Stands, number> = {
  fire: 0,
  forced: 1,
  held: 2,
  trouble: 3,
  tamper: 4,
  open: 6,
  unlocked: 6,
  closed: 7,
}

/** What wants eyes first: fire, alarms, doors nobody hears, then the rest by name. */
export function rankOf(door: ControlledDoor): number {
  if (!door.point) return 9
  if (door.heard === 'silent') return 5
  return door.stands ? GRAVITY[door.stands] : 8
}

export const inOrder = (doors: readonly ControlledDoor[]): ControlledDoor[] =>
  [...doors].sort((a, b) => rankOf(a) - rankOf(b) || a.door.localeCompare(b.door))

export function toneOf(stands: Stands | null | undefined): 'good' | 'warn' | 'bad' | undefined {
  switch (stands) {
    case 'forced':
    case 'fire':
      return 'bad'
    case 'held':
    case 'trouble':
    case 'tamper':
      return 'warn'
    case 'closed':
      return 'good'
    case 'open':
    case 'unlocked':
    case null:
    case undefined:
      return undefined
  }
}

/** The doors that a search finds: by id, name, zone or point. */
export function found(
  doors: readonly ControlledDoor[],
  text: string,
  nameOf: (place: string) => string,
): ControlledDoor[] {
  const wanted = text.trim().toLowerCase()
  if (!wanted) return [...doors]
  const has = (value: string | null | undefined) => value?.toLowerCase().includes(wanted) ?? false
  return doors.filter(
    (door) =>
      has(door.door) || has(nameOf(door.door)) || has(nameOf(door.zone)) || has(door.point),
  )
}

/** What may be asked of a door as it stands. */
export function ordersFor(door: ControlledDoor): OrderWord[] {
  if (door.stands === 'fire') return ['fire_reset']
  const back: OrderWord[] = door.stands === 'unlocked' ? ['relock'] : ['unlock']
  return ['release', ...back, 'lock', 'maintenance', 'walk_test', 'end_work']
}

/** Whether a command is still under way. */
export const isUnderWay = (command: DoorCommand): boolean =>
  command.state === 'asked' || command.state === 'sent'
