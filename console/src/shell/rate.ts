/** How fast incidents come, against what one person can answer. */
import { msOf } from '../time/format'

export const SLOT_MS = 600_000
/** SOURCE: EEMUA 191: an operator answers about one alarm in ten minutes; ten is a flood. */
export const CALM_MAX = 1
export const FLOOD_MIN = 10

export interface Counted {
  now: string
  /** Incidents opened in spans of ten minutes, oldest first; the last ends at `now`. */
  bars: readonly number[]
}

/** What the server counted, with those that were opened since on top. */
export function barsNow(counted: Counted, list: Iterable<{ opened_at: string }>): number[] {
  const from = msOf(counted.now)
  let since = 0
  for (const { opened_at } of list) since += Number(msOf(opened_at) > from)
  return counted.bars.map((n, at) => (at === counted.bars.length - 1 ? n + since : n))
}

export type RateTone = 'calm' | 'busy' | 'flood'

export const toneOf = (inTenMinutes: number): RateTone =>
  inTenMinutes >= FLOOD_MIN ? 'flood' : inTenMinutes > CALM_MAX ? 'busy' : 'calm'
