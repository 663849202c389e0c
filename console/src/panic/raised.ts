/** Calls for help made from this browser: they must make no sound where they were made. */
import { call } from '../api/client'
import { asProblem, Problem } from '../api/problem'
import type { Incident } from '../api/types'
import { takeIncident } from '../live/incidents'

const KEPT = 'castellan.panic.raised'
const REMEMBERED_MAX = 20
const TRIES_MAX = 8
const AGAIN_AFTER_MS = 1_500

let sending = 0

function raised(): string[] {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? '[]') as string[]
  } catch {
    return []
  }
}

/** Who called for help, where an incident is such a call. */
export const callerOf = (incident: Incident): string | undefined => incident.handling?.call?.by

/** Whether the operator must still say why they called for help. */
export const owesReason = (incident: Incident): boolean => incident.reason_owed === true

/**
 * Whether this incident is the operator's own call for help: here nothing may be heard of it. While
 * one is on its way, the live stream can tell of it before the answer does.
 */
export function isOwnCall(incident: Incident, me: readonly (string | null | undefined)[]): boolean {
  const caller = callerOf(incident)
  if (raised().includes(incident.id)) return true
  return caller !== undefined && (me.includes(caller) || (sending > 0 && owesReason(incident)))
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Calls for help. A link that fails is tried again for a while: a second press within ten minutes
 * gives the same incident, so nothing is doubled.
 */
export async function callForHelp(): Promise<Incident> {
  sending += 1
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        const { incident } = await call<{ incident: Incident }>('POST', '/v1/panic', { json: {} })
        localStorage.setItem(
          KEPT,
          JSON.stringify([...raised(), incident.id].slice(-REMEMBERED_MAX)),
        )
        takeIncident(incident)
        return incident
      } catch (thrown) {
        const problem = asProblem(thrown)
        if (!isPassing(problem) || tries >= TRIES_MAX) throw problem
        await wait(AGAIN_AFTER_MS)
      }
    }
  } finally {
    sending -= 1
  }
}

/** The link, or a server that is busy or starting: worth another try. */
const isPassing = ({ status }: Problem): boolean => status === 0 || status === 429 || status >= 500
