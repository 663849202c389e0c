/** Whether an event of the live tail is what the filter asks for: the API's own meanings. */
import type { OcsfEvent } from '../../api/types'
import { at } from '../../event/describe'
import type { ApiQuery } from './filter'

const said = (event: OcsfEvent, ...paths: string[]): string[] =>
  paths
    .map((path) => at(event, path))
    .filter((value) => value !== undefined && value !== null)
    .map(String)

const PLACES = ['castellan.place', 'castellan.device', 'castellan.src', 'castellan.dst'].flatMap(
  (path) => ['id', 'place', 'zone', 'site'].map((name) => `${path}.${name}`),
)

/** `above` names a place and all that hold it. */
export function matches(
  event: OcsfEvent,
  raw: string,
  query: ApiQuery,
  above: (place: string) => string[],
): boolean {
  const has = (wanted: string | undefined, ...paths: string[]) =>
    wanted === undefined || said(event, ...paths).includes(wanted)
  return (
    has(query.source, 'castellan.source') &&
    has(query.class, 'class_uid') &&
    has(query.person, 'castellan.person', 'castellan.src.owner.id', 'castellan.dst.owner.id') &&
    has(query.asset, 'castellan.device.asset', 'castellan.src.asset', 'castellan.dst.asset') &&
    has(query.ip, 'src_endpoint.ip', 'dst_endpoint.ip', 'device.ip') &&
    has(query.user, 'user.name', 'user.uid', 'user.email_addr', 'actor.user.name') &&
    has(query.credential, 'castellan.credential.id', 'credential.uid', 'user.credential_uid') &&
    isIn(event, query.site, above) &&
    isIn(event, query.place, above) &&
    isWithin(event, query) &&
    (query.text === undefined || raw.toLowerCase().includes(query.text.toLowerCase()))
  )
}

function isIn(
  event: OcsfEvent,
  wanted: string | undefined,
  above: (place: string) => string[],
): boolean {
  if (wanted === undefined) return true
  return said(event, ...PLACES).some((place) => place === wanted || above(place).includes(wanted))
}

function isWithin(event: OcsfEvent, { from, to }: ApiQuery): boolean {
  const time = Number(at(event, 'time'))
  if (Number.isNaN(time)) return true
  return (
    (from === undefined || time >= Date.parse(from)) && (to === undefined || time < Date.parse(to))
  )
}
