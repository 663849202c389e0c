/** Between a moment and what a site's wall clock shows, as a field for date and time holds it. */
const parts = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = parts.get(zone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  parts.set(zone, made)
  return made
}

/** 2026-11-22T14:02, as the wall clock of the zone shows it. */
export function wallOf(ms: number, zone: string): string {
  const all = Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  )
  return `${all.year}-${all.month}-${all.day}T${all.hour}:${all.minute}`
}

/** The moment at which the zone's wall clock shows this; the earlier one, should it do so twice. */
export function momentOf(wall: string, zone: string): number {
  const asUtc = Date.parse(`${wall.slice(0, 16)}Z`)
  if (Number.isNaN(asUtc)) return Number.NaN
  const off = (at: number) => Date.parse(`${wallOf(at, zone)}Z`) - at
  const DAY = 86_400_000
  const guesses = [asUtc - off(asUtc - DAY), asUtc - off(asUtc + DAY)]
  // An hour that the clock leaps over is taken as the hour after it.
  return guesses.find((at) => wallOf(at, zone) === wall.slice(0, 16)) ?? Math.max(...guesses)
}

/** When a zone's clock is next put forward or back, and what it shows before and after. */
export interface ClockChange {
  at: number
  before: string
  after: string
}

const DAYS_AHEAD = 370

/** Within a little more than a year; nothing for a zone whose clock goes on as it is. */
export function nextClockChange(zone: string, from_ms: number): ClockChange | undefined {
  const MINUTE = 60_000
  const DAY = 1_440 * MINUTE
  const off = (at: number) => Date.parse(`${wallOf(at, zone)}Z`) - at
  let low = Math.floor(from_ms / MINUTE) * MINUTE
  const begun = off(low)
  let high = low
  for (let day = 0; day < DAYS_AHEAD && off(high) === begun; day += 1) {
    low = high
    high += DAY
  }
  if (off(high) === begun) return undefined
  while (high - low > MINUTE) {
    const middle = Math.floor((low + high) / 2 / MINUTE) * MINUTE
    if (off(middle) === begun) low = middle
    else high = middle
  }
  const shown = (at: number, offset: number) => new Date(at + offset).toISOString().slice(11, 16)
  return { at: high, before: shown(high, begun), after: shown(high, off(high)) }
}
