/** Which incidents a list shows: read from the address, written to it, and judged. */
import type { Incident, IncidentState, Level } from '../api/types'
import { gravity } from '../ui/gravity'
import type { UrlState } from '../url'

export interface Filter {
  states: IncidentState[]
  /** This level or graver. */
  level?: Level
  /** `team:x`, `person:x`, or `me`. */
  owner?: string
  site?: string
  entity?: string
  rule?: string
  text?: string
}

export const OPEN_STATES: IncidentState[] = ['new', 'acknowledged', 'in_progress', 'snoozed']
export const ALL_STATES: IncidentState[] = [...OPEN_STATES, 'resolved', 'closed']

export function readFilter(url: UrlState): Filter {
  const asked = url.state
    ?.split(',')
    .filter((s): s is IncidentState => (ALL_STATES as string[]).includes(s))
  const states = url.state === 'all' ? ALL_STATES : asked?.length ? asked : OPEN_STATES
  return {
    states,
    level: gravity(url.level as Level) < 5 ? (url.level as Level) : undefined,
    owner: url.owner || undefined,
    site: url.site || undefined,
    entity: url.entity || undefined,
    rule: url.rule || undefined,
    text: url.q?.trim() || undefined,
  }
}

/** The part of an address that a saved view keeps: the filter, not what is open beside it. */
export function viewQuery(url: UrlState): string {
  const kept = ['state', 'level', 'owner', 'site', 'entity', 'rule', 'q', 'group']
  const pairs = kept.flatMap((name) => (url[name] ? [[name, url[name]] as [string, string]] : []))
  return new URLSearchParams(pairs).toString()
}

/** Who `me` is: an operator, as whom they answer for incidents, and their teams. */
export interface Me {
  operator?: string
  person?: string | null
  teams: readonly string[]
}

export function isMine(incident: Incident, me: Me): boolean {
  const { kind, id } = incident.owner
  const isOwn = kind === 'person' ? id === me.person : me.teams.includes(id)
  return isOwn || isOfferedTo(incident, me)
}

/** Whether a hand-over waits for this operator to accept it, or for somebody of their teams. */
export function isOfferedTo(incident: Incident, me: Me): boolean {
  const offer = incident.handling?.offer
  if (!offer || incident.state === 'resolved' || incident.state === 'closed') return false
  return offer.to.kind === 'person'
    ? offer.to.id === me.person
    : offer.by !== me.operator && me.teams.includes(offer.to.id)
}

/** `nameOf` says what somebody or something is called here. */
export function matches(
  incident: Incident,
  filter: Filter,
  me: Me,
  nameOf: (entity: string) => string = (entity) => entity,
): boolean {
  if (!filter.states.includes(stateOf(incident))) return false
  if (filter.level && gravity(incident.level) > gravity(filter.level)) return false
  if (
    filter.owner === 'me'
      ? !isMine(incident, me)
      : filter.owner && filter.owner !== ownerKey(incident)
  ) {
    return false
  }
  if (filter.site && incident.site !== filter.site) return false
  if (filter.entity && !incident.entities.includes(filter.entity)) return false
  if (filter.rule && !incident.rules.includes(filter.rule)) return false
  return !filter.text || holdsWords(incident, filter.text, nameOf)
}

export const ownerKey = (incident: Incident): string =>
  `${incident.owner.kind}:${incident.owner.id}`

/** Its state; a snooze shows as one whatever the server calls the state below it. */
export const stateOf = (incident: Incident): IncidentState =>
  incident.handling?.snooze &&
  (incident.state === 'acknowledged' ||
    incident.state === 'in_progress' ||
    incident.state === 'new')
    ? 'snoozed'
    : incident.state

/** How far those who went there have come, while the incident is open. */
export const milestoneOf = (incident: Incident): string | undefined =>
  OPEN_STATES.includes(incident.state)
    ? incident.handling?.milestones?.at(-1)?.milestone
    : undefined

function holdsWords(
  incident: Incident,
  text: string,
  nameOf: (entity: string) => string,
): boolean {
  const sought = [
    incident.title,
    incident.because,
    incident.id,
    incident.site ?? '',
    incident.owner.id,
    ...incident.entities,
    ...incident.entities.map(nameOf),
    ...incident.rules,
  ]
    .join(' ')
    .toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((part) => sought.includes(part))
}
