/** Things that lost their link, as far as the open incidents tell. */
import { useMemo } from 'react'
import { useExternal } from '../live/external'
import { incidents, isOpen } from '../live/incidents'
import { parseEntity, useDirectory } from '../org/organisation'

/** SOURCE: content/rules/devices/device-lost.yml */
const RULE = 'device-lost'

/** What lost its link and was not mended yet, as `asset:…`. */
export function useLost(): ReadonlySet<string> {
  const directory = useDirectory()
  const { byId } = useExternal(incidents)
  const ids = [...byId.values()]
    .filter((one) => isOpen(one) && one.rules.includes(RULE))
    .flatMap(({ entities, rules }) =>
      entities.filter((entity) => {
        const { kind, id } = parseEntity(entity)
        if (kind !== 'asset') return false
        // One that tells of more names things, too, that are well: sensors, controllers.
        return rules.length === 1 || directory.asset(id)?.kind === 'camera'
      }),
    )
  // The same things are the same set: no plan is drawn again for them.
  const key = [...new Set(ids)].sort().join(' ')
  return useMemo(() => new Set(key ? key.split(' ') : []), [key])
}
