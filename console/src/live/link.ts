/**
 * The link to the server: one live stream for all of this browser's windows, held by the window
 * that got the lock and passed on to the others; and the knowledge of how old our knowledge is.
 */
import { sightClock } from '../time/clock'
import { get } from '../api/client'
import type { StatusAnswer } from '../api/types'
import { External } from './external'

export type LinkState = 'connecting' | 'live' | 'lost'

export interface Link {
  state: LinkState
  /** When the server last gave a sign of life, by our steady clock. */
  proof_ms: number
}

/** Data older than this is shown as old. */
export const LOST_AFTER_MS = 5_000
const ASK_EVERY_MS = 2_000
/** A stream that ticks tells by itself what we would ask. */
const TICK_FRESH_MS = ASK_EVERY_MS + 1_000
const RETRY_MS_MIN = 1_000
const RETRY_MS_MAX = 8_000

export const link = new External<Link>({ state: 'connecting', proof_ms: performance.now() })
/** The newest answer of `/v1/status`. */
export const status = new External<StatusAnswer | undefined>(undefined)

type Handler = (data: string) => void
const handlers = new Map<string, Set<Handler>>()
const recovered = new Set<() => void>()
let channel: BroadcastChannel | undefined
let stop: AbortController | undefined
let ticked_ms = -Infinity

/** Hears one kind of message of the live stream: one of `NAMES`. */
export function hear(name: string, handler: Handler): () => void {
  const known = handlers.get(name) ?? new Set()
  handlers.set(name, known.add(handler))
  return () => known.delete(handler)
}

/** Told when the link stands again after a loss: what was missed must be asked for. */
export function whenRecovered(run: () => void): () => void {
  recovered.add(run)
  return () => recovered.delete(run)
}

function alive(): void {
  const was = link.get().state
  link.set({ state: 'live', proof_ms: performance.now() })
  if (was === 'lost') for (const run of recovered) run()
}

function take(name: string, data: string): void {
  alive()
  if (name === 'tick') ticked_ms = performance.now()
  if (name === 'status' || name === 'tick') {
    const answer = JSON.parse(data) as StatusAnswer
    sightClock(answer.now)
    status.set(answer)
  }
  for (const handler of handlers.get(name) ?? []) handler(data)
}

function pass(name: string, data: string): void {
  take(name, data)
  channel?.postMessage({ name, data })
}

/** The names of the stream's messages. */
const NAMES = [
  'incident',
  'finding',
  'door',
  'thing',
  'refused',
  'occurrence',
  'revocation',
  'command',
  'edge',
  'skipped',
  'tick',
]

async function listen(signal: AbortSignal): Promise<void> {
  let wait = RETRY_MS_MIN
  while (!signal.aborted) {
    await new Promise<void>((ended) => {
      const stream = new EventSource('/v1/live')
      const end = () => {
        stream.close()
        ended()
      }
      stream.onopen = () => {
        wait = RETRY_MS_MIN
        alive()
      }
      stream.onerror = end
      for (const name of NAMES) {
        stream.addEventListener(name, (event) => pass(name, (event as MessageEvent<string>).data))
      }
      signal.addEventListener('abort', end, { once: true })
    })
    if (signal.aborted) return
    // What happened between two streams was not heard: the next sign of life asks for it.
    link.set({ ...link.get(), state: 'lost' })
    await new Promise((resolve) => setTimeout(resolve, wait))
    wait = Math.min(wait * 2, RETRY_MS_MAX)
  }
}

async function ask(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (performance.now() - ticked_ms < TICK_FRESH_MS) {
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
      continue
    }
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(LOST_AFTER_MS - 500)])
      const answer = await get<StatusAnswer>('/v1/status', {}, limit)
      pass('status', JSON.stringify(answer))
    } catch {
      // No sign of life; the age that every pane shows says so.
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
  }
}

function watch(): void {
  const { state, proof_ms } = link.get()
  if (state !== 'lost' && performance.now() - proof_ms > LOST_AFTER_MS) {
    link.set({ state: 'lost', proof_ms })
  }
}

/** Starts the link, once the server has let us in. */
export function startLink(): void {
  if (stop) return
  stop = new AbortController()
  const { signal } = stop
  channel = new BroadcastChannel('castellan-live')
  channel.onmessage = ({ data }) => take(data.name as string, data.data as string)
  const timer = setInterval(watch, 500)
  signal.addEventListener('abort', () => clearInterval(timer))
  const lead = () => Promise.all([listen(signal), ask(signal)]).then(() => undefined)
  if (!navigator.locks) void lead()
  else navigator.locks.request('castellan-live', { signal }, lead).catch(() => undefined)
}

/** Ends the link, when the operator signs out. */
export function stopLink(): void {
  stop?.abort()
  stop = undefined
  channel?.close()
  channel = undefined
}
