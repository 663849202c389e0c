/** A day of one person in both worlds, as marks on an axis. */
import type { EventItem } from '../../api/types'
import { at, worldOf } from '../../event/describe'

export const SPAN_MS = 86_400_000
/** Marks closer together than this are one. */
const TICK_MS = SPAN_MS / 480

export interface Tick {
  at: number
  isRefused: boolean
}

/** The marks of the last day; refusals are never hidden by what else happened then. */
export function bandOf(
  events: readonly EventItem[],
  now: number,
): { physical: Tick[]; logical: Tick[] } {
  const lanes = { physical: new Map<number, Tick>(), logical: new Map<number, Tick>() }
  for (const { event, time } of events) {
    const ms = Date.parse(time)
    if (!(ms > now - SPAN_MS && ms <= now + TICK_MS)) continue
    const slot = Math.floor(ms / TICK_MS)
    const isRefused = at(event, 'status_id') === 2
    const lane = lanes[worldOf(event)]
    const before = lane.get(slot)
    lane.set(slot, { at: before?.at ?? ms, isRefused: isRefused || (before?.isRefused ?? false) })
  }
  return { physical: [...lanes.physical.values()], logical: [...lanes.logical.values()] }
}

/** A stretch of time in which a person is believed to be somewhere, or is not. */
export interface Stay {
  place?: string | null
  /** Where a log-on came from, when no thing of ours has that address. */
  address?: string | null
  world: 'physical' | 'network'
  since: string
  until?: string | null
  state: 'in' | 'out' | 'unknown'
  evidence?: string | null
  /** Why it is unknown. */
  why?: string | null
}

export interface Stretch extends Stay {
  from_ms: number
  to_ms: number
}

/** The stays of one world that reach into the last day, cut to it, the oldest first. */
export function stretchesOf(stays: readonly Stay[], world: Stay['world'], now: number): Stretch[] {
  return stays
    .filter((stay) => stay.world === world)
    .map((stay) => ({
      ...stay,
      from_ms: Math.max(Date.parse(stay.since), now - SPAN_MS),
      to_ms: stay.until ? Math.min(Date.parse(stay.until), now) : now,
    }))
    .filter(({ from_ms, to_ms }) => to_ms > from_ms)
    .sort((a, b) => a.from_ms - b.from_ms)
}

/** Where they are now, in each world: the newest stay that has not ended. */
export function standing(stays: readonly Stay[]): Stay[] {
  return (['physical', 'network'] as const).flatMap((world) => {
    const open = stays.filter((stay) => stay.world === world && !stay.until)
    open.sort((a, b) => Date.parse(b.since) - Date.parse(a.since))
    return open.slice(0, 1)
  })
}

export interface Believed {
  world: string
  place: string | null
  since: string
  state: string
}

/** What the newest event says of where its person was believed to be. */
export function presenceIn(events: readonly EventItem[]): Believed[] {
  for (const { event } of events) {
    const seen = at(event, 'castellan.presence') ?? at(event, 'castellan.src.owner.presence')
    if (seen === null || typeof seen !== 'object') continue
    const { state, zone, since } = seen as Record<string, unknown>
    if (typeof state !== 'string' || typeof since !== 'string') continue
    return [{ world: 'physical', state, since, place: typeof zone === 'string' ? zone : null }]
  }
  return []
}
