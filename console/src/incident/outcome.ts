/** What became of an incident that is done: told by its own history. */
import type { Incident, TimelineEntry } from '../api/types'

export interface Outcome {
  at: string
  /** The operator, or `castellan`. */
  by: string
  disposition?: string
  note?: string
}

const text = (entry: TimelineEntry | undefined, field: string): string | undefined =>
  typeof entry?.act[field] === 'string' ? (entry.act[field] as string) : undefined

/** When, by whom and how it was resolved; nothing of one that is open. */
export function outcomeOf(incident: Incident): Outcome | undefined {
  if (incident.state !== 'resolved' && incident.state !== 'closed') return undefined
  const ends = incident.timeline.filter(
    ({ act }) => act.act === 'state' && (act.to === 'resolved' || act.to === 'closed'),
  )
  // Filing what was resolved says nothing new of it.
  const end = ends.findLast(({ act }) => act.to === 'resolved') ?? ends.at(-1)
  if (!end) return undefined
  const said = incident.timeline.findLast(({ act }) => act.act === 'disposition')
  return {
    at: end.at,
    by: end.by,
    disposition: incident.disposition ?? text(said, 'disposition'),
    note: text(said, 'reason'),
  }
}
