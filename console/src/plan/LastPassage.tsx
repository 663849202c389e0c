import type { DoorState } from '../api/types'
import { t, word } from '../text'
import { wantsEyes } from './condition'
import { EntityLink } from '../ui/EntityLink'
import { Stamp } from '../ui/Stamp'

/** Who was last let in or turned away at a door, and when they went through. */
export function LastPassage({ last, door }: { last: NonNullable<DoorState['last']>; door: string }) {
  // A door that tells of passages alone has no other moment.
  const passed = last.passed && last.passed !== last.at ? last.passed : undefined
  return (
    <>
      {t(last.granted ? 'places.granted' : 'places.refused')} <Stamp at={last.at} place={door} />
      {passed && (
        <>
          {' · '}
          {t('places.passed')} <Stamp at={passed} place={door} />
        </>
      )}
      {last.person && (
        <>
          {' '}
          <EntityLink entity={`person:${last.person}`} />
        </>
      )}
    </>
  )
}

const CLEARED_BY_A_WORD = ['forced', 'held', 'tamper']

/** What would make a door that is not well an ordinary one again; nothing of one that is. */
export function clearsBy(door: DoorState | undefined): string | undefined {
  if (!door) return undefined
  if (door.control) {
    return wantsEyes(door.state) ? word('places', 'clears', door.state) : undefined
  }
  return CLEARED_BY_A_WORD.includes(door.state) ? t('places.clears') : undefined
}
