import type { DoorState } from '../api/types'
import { t } from '../text'
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
export const clearsBy = (state: DoorState['state'] | undefined): string | undefined =>
  state && CLEARED_BY_A_WORD.includes(state) ? t('places.clears') : undefined
