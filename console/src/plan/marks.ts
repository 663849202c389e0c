/** What stands on a plan and how each of it is shown. */
import { useMemo } from 'react'
import type { DoorState, Plan } from '../api/types'
import { parseEntity, useDirectory } from '../org/organisation'
import { t, word } from '../text'
import { isSaid, wantsEyes } from './condition'
import { useLost } from './lost'
import type { Shape } from './shapes'

export interface Shown {
  entity: string
  x: number
  y: number
  shape: Shape
  /** For ears: its name and how it is. */
  label: string
  /** For eyes, beside it. */
  hint: string
  /** The hint stands there always, not only under the pointer. */
  isSaid: boolean
  isNamed: boolean
  isChosen: boolean
  /** What lies above what. */
  weight: number
}

const NAME_CHARS_MAX = 60
const SHAPED_THINGS: readonly string[] = ['camera', 'asset']

/** The marks of a plan, doors in their live states. */
export function useMarks(
  plan: Plan,
  doors: ReadonlyMap<string, DoorState> | undefined,
  named?: ReadonlySet<string>,
  chosen?: string,
): readonly Shown[] {
  const directory = useDirectory()
  const lost = useLost()
  return useMemo(
    () =>
      plan.marks.map(({ entity, x, y }) => {
        const { kind, id } = parseEntity(entity)
        const asset = kind === 'asset' ? directory.asset(id) : undefined
        const state = doors?.get(id)?.state ?? 'unknown'
        const thing: Shape = asset?.kind === 'camera' ? 'camera' : 'asset'
        const shape = kind === 'place' ? state : lost.has(entity) ? 'offline' : thing
        const name = directory.nameOf(entity).slice(0, NAME_CHARS_MAX)
        const said = SHAPED_THINGS.includes(shape)
          ? (asset?.kind ?? kind)
          : word('incidents', 'door_state', shape)
        const label = t('incidents.plan_door', { name, state: said })
        const isNamed = named?.has(entity) ?? false
        const isChosen = entity === chosen
        const isDoor = kind === 'place'
        return {
          entity,
          x,
          y,
          shape,
          label,
          hint: isNamed || isChosen || !isSaid(state) || wantsEyes(state) ? label : said,
          isSaid: isDoor && (isNamed || isChosen || isSaid(state)),
          isNamed,
          isChosen,
          weight: isNamed || isChosen ? 500 : isDoor && wantsEyes(state) ? 250 : isDoor ? 100 : 0,
        }
      }),
    [plan, doors, named, chosen, directory, lost],
  )
}
