/** Things that lost their link: what they said last tells, not what people made of it. */
import { useMemo } from 'react'
import type { Incident } from '../api/types'
import { useExternal } from '../live/external'
import { incidents, isOpen } from '../live/incidents'
import { parseEntity, useDirectory, type Directory } from '../org/organisation'
import { useThingStates, type ThingStates } from './things'

/** SOURCE: content/rules/devices/device-lost.yml */
const RULE = 'device-lost'

/**
 * What has lost its link and was not heard since, as `asset:…`. Of what nothing was heard since the
 * server began, open incidents tell.
 */
export function lostOf(
  states: ThingStates | undefined,
  list: Iterable<Incident>,
  directory: Pick<Directory, 'asset'>,
): Set<string> {
  const lost = new Set<string>()
  for (const [id, { state }] of states ?? []) if (state === 'lost') lost.add(`asset:${id}`)
  for (const one of list) {
    if (!isOpen(one) || !one.rules.includes(RULE)) continue
    for (const entity of one.entities) {
      const { kind, id } = parseEntity(entity)
      if (kind !== 'asset' || states?.has(id)) continue
      // One that tells of more names things, too, that are well: sensors, controllers.
      const isIt = one.rules.length === 1 || directory.asset(id)?.kind === 'camera'
      if (isIt) lost.add(entity)
    }
  }
  return lost
}

/** What lost its link and has not been heard since, as `asset:…`. */
export function useLost(): ReadonlySet<string> {
  const directory = useDirectory()
  const states = useThingStates()
  const { byId } = useExternal(incidents)
  // The same things are the same set: no plan is drawn again for them.
  const key = [...lostOf(states, byId.values(), directory)].sort().join(' ')
  return useMemo(() => new Set(key ? key.split(' ') : []), [key])
}
