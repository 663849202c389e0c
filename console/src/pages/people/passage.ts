/** When somebody's badge was last used at a door, and why that does not say where they are. */
import { useOffers, useReading } from '../../parts/reading'
import type { Level } from '../../api/types'

export interface Passage {
  at: string
  record: number
  part: number
  door?: string | null
  turn: 'granted' | 'refused' | 'passed' | 'not_used'
  /** The end of the badge's number. */
  badge?: string | null
  /** How the badge stood by our own records. */
  credential?: string | null
  reason?: string | null
  /** Absent where it says where they are. */
  uncounted?: 'refused' | 'not_used' | 'not_in_force' | 'untrusted' | null
}

const EVERY_MS = 15_000

/** The last one; undefined where there is none, or the server does not tell. */
export function usePassage(person: string): Passage | undefined {
  const isOffered = useOffers('get', '/v1/presence/{person}/passage')
  const path = `/v1/presence/${encodeURIComponent(person)}/passage`
  const asked = useReading<{ passage?: Passage }>(
    isOffered ? path : undefined,
    {},
    { every_ms: EVERY_MS },
  )
  return asked.problem ? undefined : asked.data?.passage
}

/** How grave it is that a badge that had ended was shown at a door: grave, if the door opened. */
export function gravityOf(passage: Passage): Level | undefined {
  if (passage.credential === 'current' || !passage.credential) return undefined
  return passage.turn === 'refused' ? 'low' : 'high'
}

/** Why it does not say where they are, as a key of the texts; of who has left, that they have. */
export function whyOf(passage: Passage, hasLeft: boolean): string | undefined {
  if (!passage.uncounted) return undefined
  const isBadge = passage.uncounted === 'not_in_force'
  return isBadge && hasLeft ? 'left' : passage.uncounted
}
