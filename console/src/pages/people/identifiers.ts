import type { PersonItem } from '../../api/types'

export type Identifier = PersonItem['identifiers'][number]
export type Group = 'badge' | 'account' | 'other'

const BADGES = ['badge', 'card', 'pin', 'mobile', 'credential', 'plate']
const ACCOUNTS = ['account', 'source_user', 'upn', 'sid', 'user']

/** Badges, accounts, and what else names a person. */
export function grouped(list: readonly Identifier[]): Record<Group, Identifier[]> {
  const groups: Record<Group, Identifier[]> = { badge: [], account: [], other: [] }
  for (const one of list) {
    const isOf = (kinds: string[]) => kinds.some((kind) => one.kind.startsWith(kind))
    groups[isOf(BADGES) ? 'badge' : isOf(ACCOUNTS) ? 'account' : 'other'].push(one)
  }
  return groups
}

/** Whether it holds now: badges are reassigned. */
export function validity(one: Identifier, now: number): 'valid' | 'not_yet' | 'over' {
  if (one.valid_from && Date.parse(one.valid_from) > now) return 'not_yet'
  return one.valid_to && Date.parse(one.valid_to) <= now ? 'over' : 'valid'
}
