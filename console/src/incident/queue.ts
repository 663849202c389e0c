/** The order of the queue, and how new incidents wait until they do not move what is looked at. */
import type { Incident, IncidentState } from '../api/types'
import { gravity } from '../ui/gravity'

const URGENCY: Record<IncidentState, number> = {
  new: 0,
  acknowledged: 1,
  in_progress: 2,
  snoozed: 3,
  resolved: 4,
  closed: 5,
}

type Order = (a: Incident, b: Incident) => number

/** What somebody else wants to hand over comes first: it waits for a word, and not for long. */
export const offeredFirst =
  (isOffered: (incident: Incident) => boolean): Order =>
  (a, b) =>
    Number(isOffered(b)) - Number(isOffered(a)) || byUrgency(a, b)

/** Gravest first, then those that nobody answers to, then the newest; stable by id. */
export function byUrgency(a: Incident, b: Incident): number {
  return (
    gravity(a.level) - gravity(b.level) ||
    URGENCY[a.state] - URGENCY[b.state] ||
    (a.opened_at < b.opened_at ? 1 : a.opened_at > b.opened_at ? -1 : 0) ||
    (a.id < b.id ? -1 : 1)
  )
}

export interface Queue {
  /** Ids from top to bottom. */
  order: readonly string[]
  /** Ids that wait to be let in. */
  arrived: readonly string[]
}

/**
 * The queue after a change.
 *
 * While held (somebody has a row under the cursor) no row moves: what is gone stays in its place,
 * what is new waits in `arrived`. When not held, everything takes its place.
 */
export function advance(
  before: Queue,
  wanted: readonly Incident[],
  isHeld: boolean,
  by: Order = byUrgency,
): Queue {
  if (!isHeld || before.order.length === 0) {
    const order = [...wanted].sort(by).map((incident) => incident.id)
    return same(before.order, order) && before.arrived.length === 0
      ? before
      : { order, arrived: [] }
  }
  const shown = new Set(before.order)
  const arrived = wanted
    .filter(({ id }) => !shown.has(id))
    .sort(by)
    .map(({ id }) => id)
  return same(arrived, before.arrived) ? before : { order: before.order, arrived }
}

/** The row a step away from `from`, staying within the list. */
export function step(
  order: readonly string[],
  from: string | undefined,
  by: number,
): string | undefined {
  if (order.length === 0) return undefined
  const here = from === undefined ? -1 : order.indexOf(from)
  if (here < 0) return by > 0 ? order[0] : order.at(-1)
  return order[Math.min(order.length - 1, Math.max(0, here + by))]
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i])
}
