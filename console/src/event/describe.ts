/** What an event says, in few words: which world, what happened, whom and what it is about. */
import type { EventItem, OcsfEvent } from '../api/types'
import { inOurWords, t, word } from '../text'

export type World = 'physical' | 'logical'

/** The first class of the physical security extension. */
const PHYSICAL_FROM = 4_230_000
export const PHYSICAL_ACCESS = 4_230_001
const AUTHENTICATION = 3002
const NETWORK = 4001

/** A field by its path; undefined where the path ends early. */
export function at(event: OcsfEvent, path: string): unknown {
  let value: unknown = event
  for (const name of path.split('.')) {
    if (value === null || typeof value !== 'object') return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

const text = (event: OcsfEvent, ...paths: string[]): string | undefined => {
  for (const path of paths) {
    const value = at(event, path)
    if (typeof value === 'string' && value) return value
    if (typeof value === 'number') return String(value)
  }
  return undefined
}

const number = (event: OcsfEvent, path: string): number => Number(at(event, path)) || 0

/** Doors, cameras and sensors are one world; networks, hosts and accounts the other. */
export function worldOfClass(class_uid: number): World {
  return class_uid >= PHYSICAL_FROM ? 'physical' : 'logical'
}

export function worldOf(event: OcsfEvent): World {
  if (text(event, 'logon_type') === 'badge') return 'physical'
  return worldOfClass(number(event, 'class_uid'))
}

/** A verdict that was also told as a log-on: the door's own event says it already. */
export const isEcho = (event: OcsfEvent): boolean => text(event, 'logon_type') === 'badge'

/** Whom it is about, as the organisation knows them. */
export const personOf = (event: OcsfEvent): string | undefined => text(event, 'castellan.person')

/** Where it was, most exactly. */
export const placeOf = (event: OcsfEvent): string | undefined =>
  text(event, 'castellan.place.id', 'castellan.place.zone', 'castellan.device.place')

/** Things that are carried about: where they belong is not where they are. */
const CARRIED = ['laptop', 'phone', 'tablet']

/** Network activity: a firewall, a proxy or a name server tells of things that are elsewhere. */
const isTraffic = (event: OcsfEvent): boolean => {
  const uid = number(event, 'class_uid')
  return uid >= 4_000 && uid < 5_000
}

export interface Where {
  /** Where it happened. */
  place?: string
  /** Nobody says where: it was done with a thing that is carried about. */
  carried?: { kind: string; owner?: string }
}

/**
 * Where it happened. Of traffic that is where its thing stands, and not where it was seen; a thing
 * that is carried about is where nobody says. Exports say the same (`crates/lake/src/told.rs`).
 */
export function whereOf(event: OcsfEvent): Where {
  const side = isTraffic(event) ? 'src' : 'device'
  const place = isTraffic(event) ? text(event, 'castellan.src.place') : placeOf(event)
  const kind = text(event, `castellan.${side}.kind`)
  const isCarried = kind !== undefined && CARRIED.includes(kind)
  // A door, or a desk, knows where it is, whatever was carried to it.
  if (!isCarried || (place && !isTraffic(event))) return { place }
  return { carried: { kind, owner: text(event, `castellan.${side}.owner.id`) } }
}

/** The same where a list has room for words alone. */
export function whereInWords(event: OcsfEvent, nameOf: (entity: string) => string): string {
  const { place, carried } = whereOf(event)
  if (place) return nameOf(`place:${place}`)
  if (!carried) return ''
  const kind = word('incidents', 'carried', carried.kind)
  return carried.owner
    ? t('incidents.carried_of', { kind, name: nameOf(`person:${carried.owner}`) })
    : kind
}

/**
 * Without the verdicts that were also told as a log-on where the door's own event stands too: one
 * line for one fact. The twin of a door's event is reached from it.
 */
export function withoutEchoes<T>(items: readonly T[], read: (item: T) => EventItem): T[] {
  const told = new Set<number>()
  for (const item of items) {
    const { event, record } = read(item)
    if (!isEcho(event)) told.add(record)
  }
  return items.filter((item) => {
    const { event, record } = read(item)
    return !isEcho(event) || !told.has(record)
  })
}

/** Which thing reported it or did it. */
export const assetOf = (event: OcsfEvent): string | undefined =>
  text(event, 'castellan.src.asset', 'castellan.device.asset', 'castellan.dst.asset')

export const siteOf = (event: OcsfEvent): string | undefined =>
  text(event, 'castellan.place.site', 'castellan.device.site', 'castellan.src.site')

const endpoint = (event: OcsfEvent, side: string): string | undefined =>
  text(event, `castellan.${side}.asset`, `${side}_endpoint.hostname`, `${side}_endpoint.ip`)

/** OCSF: an activity that only its source has a name for. */
const OTHER = 99

/** OCSF: a door's lock was changed. */
const LOCK = 11

/** Whether a door of our own says it: its codes are ours. */
const isOurs = (event: OcsfEvent): boolean =>
  text(event, 'metadata.product.vendor_name') === 'Castellan'

/** Why a door did or did not, in words; nothing where it gave no reason. */
export function becauseOf(event: OcsfEvent): string | undefined {
  const said = text(event, 'status_detail', 'unmapped.reason')
  return said && inOurWords(text(event, 'unmapped.because.code'), said)
}

function atDoor(event: OcsfEvent, activity: number): string {
  const own = text(event, 'activity_name')
  if (isOurs(event) && (activity === OTHER || activity === LOCK)) {
    const order = text(event, 'unmapped.order')
    if (order) {
      const outcome = word('doors', 'command', text(event, 'unmapped.outcome') ?? '')
      return `${word('doors', 'order', order)}: ${outcome}`
    }
    const said = own ?? capital((text(event, 'message') ?? '').replaceAll('_', ' '))
    return inOurWords(`event_${text(event, 'metadata.event_code')}`, said)
  }
  return activity === OTHER && own
    ? word('incidents', 'door_other', own.toLowerCase())
    : word('incidents', 'door', String(activity))
}

const capital = (said: string): string => said.charAt(0).toUpperCase() + said.slice(1)

/** What happened, as a sentence without its time. */
export function describe(event: OcsfEvent): string {
  const uid = number(event, 'class_uid')
  const activity = number(event, 'activity_id')
  if (uid === PHYSICAL_ACCESS) {
    const what = atDoor(event, activity)
    const reason = becauseOf(event)
    return reason ? `${what}: ${reason}` : what
  }
  if (uid === AUTHENTICATION) return describeLogon(event, activity)
  if (uid === NETWORK) return describeTraffic(event)
  const message = text(event, 'message', 'finding_info.title', 'api.operation')
  if (message) return message
  const named = text(event, 'type_name', 'class_name')
  if (named) return named
  const source = text(event, 'metadata.product.name', 'castellan.source') ?? '?'
  // The base class is what a mapping says of a record that it cannot place.
  return uid === 0
    ? t('incidents.event_unread', { source })
    : t('incidents.event_of_class', { uid: String(uid) })
}

function describeLogon(event: OcsfEvent, activity: number): string {
  if (isEcho(event)) {
    return word('incidents', 'logon', number(event, 'status_id') === 2 ? 'badge_refused' : 'badge')
  }
  const isRefused = number(event, 'status_id') === 2
  const service = text(event, 'service.name', 'dst_endpoint.hostname', 'device.hostname')
  const what = activity === 2 ? 'logoff' : isRefused ? 'refused' : 'logon'
  const told = word('incidents', 'logon', what)
  const where = service ? `${told}, ${service}` : told
  const detail = isRefused ? text(event, 'status_detail', 'message') : undefined
  return detail ? `${where}: ${detail}` : where
}

function describeTraffic(event: OcsfEvent): string {
  const from = endpoint(event, 'src') ?? '?'
  const to = endpoint(event, 'dst') ?? '?'
  const port = text(event, 'dst_endpoint.port')
  const app = text(event, 'app_protocol_name', 'app_name', 'dst_endpoint.svc_name')
  const isDenied = number(event, 'disposition_id') === 2 || number(event, 'action_id') === 2
  const what = t(isDenied ? 'incidents.traffic_denied' : 'incidents.traffic', {
    from,
    to: port ? `${to}:${port}` : to,
  })
  return app ? `${what} (${app})` : what
}

/** What names an event: its record and its part, as the address of the events' page says them. */
export const eventKey = ({ record, part }: { record: number; part: number }): string =>
  `${record}.${part}`
