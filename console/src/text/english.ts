import type access from './en/access.json'
import desk from './en/desk.json'
import detections from './en/detections.json'
import doors from './en/doors.json'
import events from './en/events.json'
import findings from './en/findings.json'
import incidents from './en/incidents.json'
import log from './en/log.json'
import mend from './en/mend.json'
import people from './en/people.json'
import places from './en/places.json'
import shell from './en/shell.json'
import signin from './en/signin.json'
import sources from './en/sources.json'
import system from './en/system.json'
import whereabouts from './en/whereabouts.json'

/** The English texts, by area: one file each. */
export const english = {
  desk,
  detections,
  doors,
  events,
  findings,
  incidents,
  log,
  mend,
  people,
  places,
  shell,
  signin,
  sources,
  system,
  whereabouts,
}

/** Those that a page brings with it, so that the first page need not wait for them. */
interface Brought {
  access: typeof access
}
export type English = typeof english & Brought
export type Area = keyof English

/** Takes in the texts that a page brings. */
export function bring<A extends keyof Brought>(area: A, own: Brought[A]): void {
  Object.assign(english, { [area]: own })
}
