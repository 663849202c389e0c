/** Who calls for help and where, in names: those of the directory, else those of the incident. */
import type { Incident } from '../api/types'
import type { Directory } from '../org/organisation'
import { callerOf } from '../panic/raised'
import { t } from '../text'

/** The title of a call as the server writes it. SOURCE: respond::panic */
const TITLE = /^Panic: ([^,]*), /
const UNKNOWN = /^place unknown(?:, belongs to (.*))?$/

/** What the title says behind the caller's name, which may hold a comma itself. */
function toldPlace(incident: Incident, directory: Directory): string | undefined {
  const start = `Panic: ${callerName(incident, directory)}, `
  return incident.title.startsWith(start) ? incident.title.slice(start.length) : undefined
}

export function callerName(incident: Incident, directory: Directory): string {
  const id = callerOf(incident) ?? ''
  const known = directory.operatorName(id)
  return known === id ? (TITLE.exec(incident.title)?.[1] ?? known) : known
}

/** Where a call comes from; where that is not known, only where the caller belongs. */
export function callPlace(incident: Incident, directory: Directory): string {
  const told = toldPlace(incident, directory)
  const home = told === undefined ? undefined : UNKNOWN.exec(told)
  const { site } = incident
  const own = incident.entities
    .find((entity) => entity.startsWith('place:'))
    ?.slice('place:'.length)
  if (own === undefined) {
    const name = site ? (directory.place(site)?.name ?? home?.[1] ?? site) : undefined
    return name ? t('incidents.call_belongs', { site: name }) : t('incidents.call_nowhere')
  }
  const ids = [...new Set(site ? [own, site] : [own])]
  const names = ids.flatMap((id) => directory.place(id)?.name ?? [])
  const isNamed = names.length === ids.length
  const place = isNamed || !told || home ? ids.map(directory.siteName).join(', ') : told
  return t('incidents.call_at', { place })
}
