/** How fast incidents come, against what one person can answer. */
import { msOf } from '../time/format'

export const SLOT_MS = 600_000
/** SOURCE: EEMUA 191: an operator answers about one alarm in ten minutes; ten is a flood. */
export const CALM_MAX = 1
export const FLOOD_MIN = 10

/** Incidents opened in each of the last `slots` spans of ten minutes, oldest first. */
export function arrivals(list: { opened_at: string }[], now: number, slots: number): number[] {
  const counts = new Array<number>(slots).fill(0)
  for (const { opened_at } of list) {
    const back = Math.floor((now - msOf(opened_at)) / SLOT_MS)
    if (back >= 0 && back < slots) counts[slots - 1 - back]! += 1
    else if (back < 0) counts[slots - 1]! += 1
  }
  return counts
}

export type RateTone = 'calm' | 'busy' | 'flood'

export const toneOf = (inTenMinutes: number): RateTone =>
  inTenMinutes >= FLOOD_MIN ? 'flood' : inTenMinutes > CALM_MAX ? 'busy' : 'calm'
