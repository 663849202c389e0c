/**
 * Calls for help made from this screen: whoever stands beside the operator must neither hear nor see
 * them. They come into sight once the operator has said why.
 */
import { call } from '../api/client'
import { asProblem, Problem } from '../api/problem'
import type { Incident } from '../api/types'
import { hideWhere, takeIncident } from '../live/incidents'
import { session } from '../session/session'

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

/** Whether the operator at this screen called for help by it: nothing of it may ever sound here. */
export const isMine = (incident: Incident, me: readonly (string | null | undefined)[]): boolean => {
  const caller = callerOf(incident)
  return caller !== undefined && me.includes(caller)
}

/** Whether the operator must still say why they called for help. */
export const owesReason = (incident: Incident): boolean => incident.reason_owed === true

/**
 * Whether this incident is a call for help of `me`, as yet without a reason. While one is on its
 * way, the live stream can tell of it before the answer does.
 */
export function isOwnCall(incident: Incident, me: readonly (string | null | undefined)[]): boolean {
  const caller = callerOf(incident)
  if (!owesReason(incident) || caller === undefined) return false
  return me.includes(caller) || sending > 0 || raised().includes(incident.id)
}

hideWhere((incident) => {
  const now = session.get()
  const mine = now.state === 'in' ? now.session : now.state === 'expired' ? now.was : undefined
  return isOwnCall(incident, [mine?.operator.id, mine?.operator.person])
})

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
