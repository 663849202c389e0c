/** Acts of suspending and revoking, and what every point says of each. */
export type Act = 'suspend' | 'lift' | 'revoke'
export type SubjectKind = 'person' | 'credential' | 'pass'

export interface Subject {
  kind: SubjectKind
  id: string
  name?: string | null
}

export interface RevocationItem {
  id: string
  act: Act
  subject: Subject
  reason: string
  by: string
  at: string
  state: 'done' | 'unconfirmed' | 'superseded'
  superseded_by?: string | null
  done_at?: string | null
  points: number
  silent: readonly string[]
  incident?: string | null
}

export interface Signing {
  point: string
  /** None: out of service. */
  kind?: 'edge' | 'controller' | 'system' | null
  state: 'silent' | 'confirmed' | 'expired' | 'decommissioned'
  known?: 'device_signed' | 'read_back' | 'api_acknowledged' | null
  /** Of the rights that it goes by: decimal digits, beyond what a number here holds exactly. */
  snapshot?: string | null
  at?: string | null
  stale_until?: string | null
}

export interface Revocation extends RevocationItem {
  signings: readonly Signing[]
  compensating?: string | null
}

export interface EdgeItem {
  point: string
  site?: string | null
  state: 'invited' | 'waiting' | 'connected' | 'away' | 'decommissioned'
  fingerprint?: string | null
  software?: string | null
  last_heard?: string | null
  snapshot?: string | null
  newest: string
  rights_at?: string | null
  clock_trusted?: boolean | null
  clock_offset_ms?: number | null
  records_waiting?: number | null
  records_lost: number
  doors: number
  /** Why it did not take what it was last given. */
  not_taken?: string | null
}

export interface Invitation {
  point: string
  code: string
  expires_at: string
}

/** How an act is shown: done only when every point has closed it. */
export type Shown = 'revoked' | 'suspended' | 'lifted' | 'unconfirmed' | 'superseded'

export function shownOf({ act, state }: Pick<RevocationItem, 'act' | 'state'>): Shown {
  if (state !== 'done') return state
  return act === 'revoke' ? 'revoked' : act === 'suspend' ? 'suspended' : 'lifted'
}

/** How many points have closed an act, of how many. */
export const closedOf = (item: Pick<RevocationItem, 'points' | 'silent'>): number =>
  item.points - item.silent.length

/** From the act to the last receipt, in milliseconds; none while one is out. */
export function tookOf(item: Pick<RevocationItem, 'at' | 'done_at'>): number | undefined {
  return item.done_at ? Math.max(0, Date.parse(item.done_at) - Date.parse(item.at)) : undefined
}

/** Whether one version of a snapshot is before another; not where one of them is not known. */
export const isOlder = (version: string | null | undefined, than: string): boolean =>
  Boolean(version) && BigInt(version!) < BigInt(than)

const SHOWN_CHARS = 6

/** The end of a version, which tells near ones apart. */
export const endOf = (version: string): string =>
  version.length > SHOWN_CHARS ? `…${version.slice(-SHOWN_CHARS)}` : version

/** Whether an edge wants somebody: it waits to be taken in, is away, or lags behind. */
export function troubleOf(
  edge: EdgeItem,
): 'waiting' | 'away' | 'behind' | 'clock' | 'lost' | undefined {
  if (edge.state === 'waiting' || edge.state === 'away') return edge.state
  if (edge.state !== 'connected') return undefined
  if (edge.clock_trusted === false) return 'clock'
  if (isOlder(edge.snapshot, edge.newest)) return 'behind'
  return edge.records_lost > 0 ? 'lost' : undefined
}

/** The middle one; of an even number, the lower of the two. */
export function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}
