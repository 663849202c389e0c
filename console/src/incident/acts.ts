/** Doing things to incidents: one or many, with versions, outcomes, and undo where that is honest. */
import { call, get } from '../api/client'
import { asProblem, Problem } from '../api/problem'
import type { Disposition, Incident, IncidentView, Owner } from '../api/types'
import { External } from '../live/external'
import { incidents, takeIncident } from '../live/incidents'
import { t } from '../text'
import { whoDidWhat, changesSince } from './changes'

export type Act =
  | { action: 'acknowledge' | 'start' | 'close' | 'accept' | 'wake' }
  | { action: 'assign'; to: Owner }
  | { action: 'offer'; to: Owner; note: string }
  | { action: 'decline'; reason?: string }
  | { action: 'reopen'; reason: string }
  | { action: 'comment'; text: string }
  | { action: 'resolve'; disposition: Disposition; reason?: string }
  | { action: 'tick_step'; step: number }
  | { action: 'snooze'; until: string; reason: string }
  | { action: 'merge'; into: string }
  | { action: 'mark'; milestone: 'dispatched' | 'on_scene' | 'clear' }

/** Acts under way at once when many incidents are chosen. */
const AT_ONCE_MAX = 8

const path = (id: string) => `/v1/incidents/${encodeURIComponent(id)}`

export const readIncident = (id: string, signal?: AbortSignal): Promise<IncidentView> =>
  get<IncidentView>(path(id), {}, signal)

/**
 * Does one act to the incident as it was looked at. Because its version goes along, a repeated
 * request after a lost answer does nothing twice.
 */
export async function doAct(looked: Incident, act: Act): Promise<IncidentView> {
  const json = { ...act, version: looked.version }
  const view = await call<IncidentView>('POST', `${path(looked.id)}/acts`, { json })
  takeIncident(view.incident)
  return view
}

/** What stands in the way, when somebody else was faster: who, and what they did. */
export async function explainConflict(
  looked: Incident,
  problem: Problem,
  nameOf: (entity: string) => string,
): Promise<{ text: string; view?: IncidentView }> {
  if (problem.status !== 409) return { text: problem.detail }
  try {
    const view = await readIncident(looked.id)
    takeIncident(view.incident)
    const changes = changesSince(looked, view.incident)
    if (changes.length === 0) return { text: problem.detail, view }
    return { text: t('incidents.conflict_text', { changes: whoDidWhat(changes, nameOf) }), view }
  } catch {
    return { text: problem.detail }
  }
}

export interface Outcome {
  id: string
  view?: IncidentView
  problem?: Problem
}

/** Does one act to many, a few at once; each succeeds or fails for itself. */
export async function doActs(list: readonly Incident[], act: Act): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const waiting = [...list]
  const worker = async () => {
    for (let looked = waiting.shift(); looked; looked = waiting.shift()) {
      try {
        outcomes.push({ id: looked.id, view: await doAct(looked, act) })
      } catch (thrown) {
        outcomes.push({ id: looked.id, problem: asProblem(thrown) })
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE_MAX }, worker))
  return outcomes
}

/** What can be taken back, and until when by our steady clock. */
export interface Undo {
  label: string
  until_ms: number
  run: () => Promise<unknown>
}

export const UNDO_MS = 10_000
export const undo = new External<Undo | undefined>(undefined)

/**
 * What would take an act back, as a new act in the history; `undefined` where nothing honest
 * would: nobody un-sees an incident, and a comment stays said.
 */
export function inverse(before: Incident, act: Act): { label: string; act: Act } | undefined {
  switch (act.action) {
    case 'resolve':
      return {
        label: t('incidents.undo_resolve'),
        act: { action: 'reopen', reason: t('incidents.undo_reason') },
      }
    case 'assign':
      return { label: t('incidents.undo_assign'), act: { action: 'assign', to: before.owner } }
    case 'snooze':
      return { label: t('incidents.undo_snooze'), act: { action: 'wake' } }
    default:
      return undefined
  }
}

/** Remembers how to take back what was just done to these. */
export function offerUndo(
  done: { before: Incident; after: Incident }[],
  act: Act,
): Undo | undefined {
  const first = done[0] && inverse(done[0].before, act)
  if (!first) return undefined
  const run = async () => {
    undo.set(undefined)
    const steps = done.flatMap(({ before, after }) => {
      const back = inverse(before, act)
      const now = incidents.get().byId.get(after.id) ?? after
      // Somebody has done something since: taking ours back would take theirs along.
      return back && now.version === after.version ? [{ now, act: back.act }] : []
    })
    if (steps.length === 0) throw new Problem(409, 'changed', t('incidents.undo_late'))
    return Promise.all(steps.map((step) => doAct(step.now, step.act)))
  }
  const made = { label: first.label, until_ms: performance.now() + UNDO_MS, run }
  undo.set(made)
  return made
}
