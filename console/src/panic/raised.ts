/**
 * Calls for help made from this screen: whoever stands beside the operator must neither hear nor see
 * them. Until the operator has said why, a plain report stands for each in their queue.
 */
import { call } from '../api/client'
import { asProblem, Problem } from '../api/problem'
import type { Incident, SessionAnswer } from '../api/types'
import { isOpen, maskWith, takeIncident } from '../live/incidents'
import { session } from '../session/session'
import { t } from '../text'
import { msOf } from '../time/format'

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

/** A report like any other, the least grave, of which only its owner knows what it is. */
export const masked = (incident: Incident, me: SessionAnswer['operator']): Incident => ({
  id: incident.id,
  tenant: incident.tenant,
  site: incident.site,
  title: t('desk.report'),
  because: t('desk.report_text'),
  level: 'informational',
  state: 'acknowledged',
  owner: { kind: 'person', id: me.person ?? me.id },
  opened_at: incident.opened_at,
  changed_at: incident.changed_at,
  first_seen: incident.first_seen,
  last_seen: incident.last_seen,
  rules: [],
  findings: [],
  entities: [],
  evidence: [],
  sop: [],
  timeline: [],
  version: incident.version,
  isMasked: true,
})

maskWith((incident) => {
  const now = session.get()
  const mine = now.state === 'in' ? now.session : now.state === 'expired' ? now.was : undefined
  const isOwn = isOwnCall(incident, [mine?.operator.id, mine?.operator.person])
  return mine && isOwn ? masked(incident, mine.operator) : undefined
})

/** The presses of a call, oldest first. */
export function presses(incident: Incident): string[] {
  const call = incident.handling?.call
  return call ? [call.at, ...(call.again ?? [])] : []
}

/** Who has looked at a call since its last press, other than who made it: the first of them. */
export function heardBy(incident: Incident): { by: string; at: string } | undefined {
  const caller = callerOf(incident)
  const last = msOf(presses(incident).at(-1) ?? '')
  return incident.timeline.find(
    ({ by, at }) => by !== caller && by !== 'castellan' && msOf(at) >= last,
  )
}

/** A call that nobody has acknowledged, or that was repeated and answered by nobody since. */
export const isUnheard = (incident: Incident): boolean =>
  callerOf(incident) !== undefined &&
  isOpen(incident) &&
  (incident.state === 'new' || !heardBy(incident))

/** A press within this time of the last one joins the same call. SOURCE: respond::limits. */
const AGAIN_WITHIN_MS = 600_000

/** The call that a press at this moment would join. */
export const joined = (unseen: readonly Incident[], now: number): Incident | undefined =>
  unseen.find((one) => isOpen(one) && now - msOf(presses(one).at(-1) ?? '') < AGAIN_WITHIN_MS)

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
