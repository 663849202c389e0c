/** Days of one person in both worlds, as stretches on an axis. */
import type { EventItem } from '../../api/types'
import { at } from '../../event/describe'

export const SPAN_MS = 86_400_000
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

/** The stays of one world that reach into the time up to `now`, cut to it, the oldest first. */
export function stretchesOf(
  stays: readonly Stay[],
  world: Stay['world'],
  now: number,
  from = now - SPAN_MS,
): Stretch[] {
  return stays
    .filter((stay) => stay.world === world)
    .map((stay) => ({
      ...stay,
      from_ms: Math.max(Date.parse(stay.since), from),
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

/** A stretch of days that is looked at; without an end the last hours, up to now. */
export interface Span {
  from: number
  to: number
  isLive: boolean
}

export const SPAN_DAYS = [1, 7, 28] as const

/** The span that an address asks for: `day` is its last day in the zone, `days` how many. */
export function spanOf(
  url: { day?: string; days?: string },
  now: number,
  startOf: (day: string) => number,
): Span {
  const days = SPAN_DAYS.find((one) => String(one) === url.days) ?? 1
  const first = /^\d{4}-\d{2}-\d{2}$/.test(url.day ?? '') ? startOf(url.day!) : Number.NaN
  if (Number.isNaN(first) || first > now) {
    return { from: now - days * SPAN_MS, to: now, isLive: days === 1 }
  }
  // A day is as long as its clock makes it; half a day on is surely in the next one.
  const next = new Date(first + 1.5 * SPAN_MS).toISOString().slice(0, 10)
  const end = startOf(next)
  return { from: end - days * SPAN_MS, to: Math.min(end, now), isLive: false }
}

/** Another day, so many days on. */
export function dayOn(day: string, by: number): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + by * SPAN_MS).toISOString().slice(0, 10)
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
