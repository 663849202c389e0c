/** What became of every record at a boundary: received = kept + rejected + dropped + on its way. */
import type { SourceItem } from '../../api/types'

export type Account = SourceItem['accounts'][number]

export interface Sum {
  received: number
  kept: number
  rejected: number
  dropped: number
  /** Received and not yet accounted for: being worked on. */
  underway: number
  /** More was accounted for than was received: the accounts are wrong, and we say so. */
  excess: number
  reasons: { reason: string; outcome: string; records: number }[]
}

/** Outcomes that mean that a record went on. */
const KEPT = new Set(['kept', 'folded', 'emitted'])
const DROPPED = new Set(['dropped', 'lost', 'cut'])

export function sumOf(accounts: readonly Account[], boundary: string): Sum {
  const sum: Sum = {
    received: 0,
    kept: 0,
    rejected: 0,
    dropped: 0,
    underway: 0,
    excess: 0,
    reasons: [],
  }
  for (const { boundary: own, outcome, reason, records } of accounts) {
    if (own !== boundary) continue
    if (outcome === 'received') sum.received += records
    else if (KEPT.has(outcome)) sum.kept += records
    else {
      if (DROPPED.has(outcome)) sum.dropped += records
      else sum.rejected += records
      sum.reasons.push({ reason: reason || outcome, outcome, records })
    }
  }
  const gone = sum.kept + sum.rejected + sum.dropped
  sum.underway = Math.max(0, sum.received - gone)
  sum.excess = Math.max(0, gone - sum.received)
  sum.reasons.sort((a, b) => b.records - a.records)
  return sum
}

/** The boundaries in the order in which records pass them. */
const ORDER = ['intake', 'journal', 'normalise', 'resolve', 'detect', 'lake']

export function boundariesOf(accounts: readonly Account[]): string[] {
  const found = [...new Set(accounts.map((account) => account.boundary))]
  const rank = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length)
  return found.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
}

/** The middle and the far end of a list of numbers. */
export function spread(
  list: readonly number[],
): { least: number; middle: number; most: number } | undefined {
  if (list.length === 0) return undefined
  const sorted = [...list].sort((a, b) => a - b)
  return { least: sorted[0]!, middle: sorted[sorted.length >> 1]!, most: sorted.at(-1)! }
}

/**
 * `unwatched`: it speaks, and nobody expects it to; `never`: nothing of it ever came; `empty`: every
 * record found its source.
 */
export type HealthState = 'heard' | 'silent' | 'unwatched' | 'never' | 'empty'

/** Where records go that are no source's. */
const UNASSIGNED = 'unassigned'

export function healthOf(
  source: Pick<SourceItem, 'state' | 'last_heard' | 'accounts'> & { id?: string },
): HealthState {
  if (source.state === 'silent') return 'silent'
  if (!source.last_heard && source.accounts.length === 0)
    return source.id === UNASSIGNED ? 'empty' : 'never'
  return source.state ?? 'unwatched'
}
