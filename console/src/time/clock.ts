import { External } from '../live/external'

/** One sight of the server's clock: what it said, when by our own steady clock. */
interface Sight {
  server_ms: number
  steady_ms: number
}

let first: Sight | undefined
let last: Sight | undefined
let rate = 1

const steady = () => performance.now()
/** Sights closer together than this say too little about the rate. */
const RATE_SPAN_MS_MIN = 12_000

/** Learns the server's clock; the browser's own may be wrong by a day, and a demo's runs fast. */
export function sightClock(now: string, at_ms: number = steady()): void {
  const server_ms = Date.parse(now)
  if (Number.isNaN(server_ms)) return
  const sight = { server_ms, steady_ms: at_ms }
  if (!first || server_ms < (last?.server_ms ?? 0) - 5_000) first = sight
  last = sight
  const span = last.steady_ms - first.steady_ms
  if (span < RATE_SPAN_MS_MIN) return
  const seen = (last.server_ms - first.server_ms) / span
  // A clock that is neither life nor a demo is a clock that was set: begin afresh.
  if (seen < 0.5 || seen > 1_000) first = last
  else rate = Math.abs(seen - 1) < 0.05 ? 1 : seen
  if (span > 60_000) first = last
}

/** The server's time now, in milliseconds; the browser's until the server has spoken. */
export function serverNow(): number {
  if (!last) return Date.now()
  return last.server_ms + (steady() - last.steady_ms) * rate
}

/** How many times as fast as life the server's clock runs. */
export const clockRate = (): number => rate

/** The server's time, renewed once a second: for ages, never for order. */
export const ticking = new External(serverNow())

let timer: ReturnType<typeof setInterval> | undefined

/** Starts the ticking; once, by the shell. */
export function startTicking(): void {
  timer ??= setInterval(() => ticking.set(serverNow()), 1_000)
}
