/** Which of an incident's findings later events have overturned. */
import type { Incident } from '../api/types'

/** The findings that its history says were withdrawn. */
export function withdrawnIn(incident: Pick<Incident, 'timeline'>): ReadonlySet<string> {
  const gone = incident.timeline.filter(({ act }) => act.act === 'finding_withdrawn')
  return new Set(gone.map(({ act }) => String(act.finding)))
}

/** Whether it had findings and has none left. */
export function areAllWithdrawn(incident: Pick<Incident, 'timeline' | 'findings'>): boolean {
  const gone = withdrawnIn(incident)
  return incident.findings.length > 0 && incident.findings.every((id) => gone.has(id))
}
