/** Moments as people read them. Zones are IANA names; times are RFC 3339 texts or milliseconds. */
import { language } from '../text/language'

type Moment = string | number

const formats = new Map<string, Intl.DateTimeFormat>()

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const lang = language.get()
  const key = `${lang}|${zone}|${JSON.stringify(options)}`
  const known = formats.get(key)
  if (known) return known
  const made = new Intl.DateTimeFormat(lang === 'en' ? 'en-GB' : lang, {
    timeZone: zone,
    hourCycle: 'h23',
    ...options,
  })
  formats.set(key, made)
  return made
}

export const msOf = (at: Moment): number => (typeof at === 'number' ? at : Date.parse(at))

/** The browser's own zone. */
export const viewerZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** 14:02:11 */
export function clockTime(at: Moment, zone: string, withSeconds = true): string {
  const ms = msOf(at)
  if (Number.isNaN(ms)) return String(at)
  const second = withSeconds ? ('2-digit' as const) : undefined
  return format(zone, { hour: '2-digit', minute: '2-digit', second }).format(ms)
}

/** 22 Nov */
export function dayOf(at: Moment, zone: string): string {
  const ms = msOf(at)
  return Number.isNaN(ms) ? '' : format(zone, { day: 'numeric', month: 'short' }).format(ms)
}

/** 22 Nov 2026 */
export function dateOf(at: Moment, zone: string): string {
  const ms = msOf(at)
  const day: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', year: 'numeric' }
  return Number.isNaN(ms) ? '' : format(zone, day).format(ms)
}

/** Sunday 22 November 2026 */
export function fullDay(at: Moment, zone: string): string {
  const day: Intl.DateTimeFormatOptions = {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  }
  const ms = msOf(at)
  return Number.isNaN(ms) ? '' : format(zone, day).format(ms)
}

/** Sun 22 Nov 2026, 14:02:11 */
export function fullTime(at: Moment, zone: string): string {
  const ms = msOf(at)
  if (Number.isNaN(ms)) return String(at)
  const day: Intl.DateTimeFormatOptions = {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  }
  return `${format(zone, day).format(ms)}, ${clockTime(ms, zone)}`
}

/** The zone's short name at a moment: CET, GMT+8. */
export function zoneName(at: Moment, zone: string): string {
  const parts = format(zone, { timeZoneName: 'short' }).formatToParts(msOf(at) || 0)
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone
}

/** Whether two zones show the same wall clock at a moment. */
export function isSameClock(at: Moment, one: string, other: string): boolean {
  return one === other || fullTime(at, one) === fullTime(at, other)
}

/** Time, with its day if that is not today in the zone. */
export function shortTime(at: Moment, zone: string, now: number, withSeconds = true): string {
  const time = clockTime(at, zone, withSeconds)
  return dayOf(at, zone) === dayOf(now, zone) ? time : `${dayOf(at, zone)} ${time}`
}

const STEPS: [unit: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
]

/** A span in its two largest units: 12 s, 4 min, 2 h 5 min, 3 d 4 h. */
export function span(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1_000) * 1_000)
  const at = STEPS.findIndex(([, size]) => whole >= size)
  if (at < 0) return '0 s'
  const [unit, size] = STEPS[at]!
  const count = Math.floor(whole / size)
  const below = STEPS[at + 1]
  const rest = below && unit !== 'min' ? Math.floor((whole % size) / below[1]) : 0
  return rest > 0 ? `${count} ${unit} ${rest} ${below![0]}` : `${count} ${unit}`
}

/** A span in its largest unit: 12 s, 4 min, 2 h, 3 d. */
export function shortSpan(ms: number): string {
  const [unit, size] = STEPS.find(([, step]) => ms >= step) ?? STEPS.at(-1)!
  return `${Math.max(0, Math.floor(ms / size))} ${unit}`
}
