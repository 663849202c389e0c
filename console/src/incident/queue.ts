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
  /** Ids that stand at the end of `order` until they may take their place above. */
  aside: readonly string[]
}

export const NO_QUEUE: Queue = { order: [], arrived: [], aside: [] }

/** What must not move, since somebody's cursor or pointer is on it. */
export interface Hold {
  /** Ids; of several, everything down to the lowest stays. */
  rows: readonly string[]
  /** Rows that still fit into the view, below the last. */
  room: number
}

/**
 * The queue after a change.
 *
 * While rows are held, none of those down to the lowest of them moves: what is gone stays in its
 * place. What is new and belongs below takes its place at once. What belongs above stands at the
 * end while there is room in the view, so that it is seen; else it waits in `arrived`. When no row
 * is held, everything takes its place.
 */
export function advance(
  before: Queue,
  wanted: readonly Incident[],
  hold: Hold | undefined,
  by: Order = byUrgency,
): Queue {
  const held = Math.max(-1, ...(hold?.rows ?? []).map((id) => before.order.indexOf(id)))
  if (!hold || held < 0) {
    const order = [...wanted].sort(by).map((incident) => incident.id)
    const isSame = before.arrived.length === 0 && before.aside.length === 0
    return isSame && same(before.order, order) ? before : { ...NO_QUEUE, order }
  }
  const known = new Map(wanted.map((incident) => [incident.id, incident]))
  const shown = new Set(before.order)
  const order = [...before.order]
  const aside = [...before.aside]
  const arrived: string[] = []
  let { room } = hold
  for (const incident of wanted.filter(({ id }) => !shown.has(id)).sort(by)) {
    const end = order.length - aside.length
    const place = placeOf(incident, order.slice(0, end), known, by)
    if (place > held) order.splice(place, 0, incident.id)
    else if (room <= 0) arrived.push(incident.id)
    else {
      order.push(incident.id)
      aside.push(incident.id)
    }
    if (!arrived.includes(incident.id)) room -= 1
  }
  const isSame = same(order, before.order) && same(arrived, before.arrived)
  return isSame && same(aside, before.aside) ? before : { order, arrived, aside }
}

/** Behind the last that comes before it; rows that are gone say nothing. */
function placeOf(
  incident: Incident,
  order: readonly string[],
  known: ReadonlyMap<string, Incident>,
  by: Order,
): number {
  for (let i = order.length; i > 0; i -= 1) {
    const other = known.get(order[i - 1]!)
    if (other && by(other, incident) < 0) return i
  }
  return 0
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
