import type { Finding, RuleItem } from '../../api/types'
import { gravity } from '../../ui/gravity'

export interface Firing {
  count: number
  last: string
}

/** How often each rule fired; withdrawn findings do not count. */
export function firingsOf(findings: readonly Finding[]): ReadonlyMap<string, Firing> {
  const firings = new Map<string, Firing>()
  for (const { rule, state, time } of findings) {
    if (state === 'withdrawn') continue
    const before = firings.get(rule)
    const last = before && before.last > time ? before.last : time
    firings.set(rule, { count: (before?.count ?? 0) + 1, last })
  }
  return firings
}

/** The rule that a building block, such as `leaver-badge.granted`, belongs to. */
const parentOf = (id: string): string | undefined => {
  const dot = id.indexOf('.')
  return dot > 0 ? id.slice(0, dot) : undefined
}

/** Which rules of all: those written here, those still on trial, those that say nothing. */
export const KINDS = ['all', 'house', 'experimental', 'off'] as const
export type Kind = (typeof KINDS)[number]

/** Sigma's words for a rule that is not settled yet. */
const ON_TRIAL = ['experimental', 'test']

function isOf(rule: RuleItem, kind: Kind): boolean {
  switch (kind) {
    case 'all':
      return true
    case 'house':
      return rule.origin === 'house'
    case 'experimental':
      return ON_TRIAL.includes(rule.status ?? '')
    case 'off':
      return rule.off_by != null
  }
}

/** Rules with the words asked for, those that fired first, then by severity; no building blocks. */
export function rulesOf(
  rules: readonly RuleItem[],
  find: string,
  firings: ReadonlyMap<string, Firing>,
  kind: Kind = 'all',
): RuleItem[] {
  const ids = new Set(rules.map((rule) => rule.id))
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  const fired = (rule: RuleItem) => firings.get(rule.id)?.count ?? 0
  return rules
    .filter((rule) => !ids.has(parentOf(rule.id) ?? ''))
    .filter((rule) => isOf(rule, kind))
    .filter((rule) => {
      const all = [rule.title, rule.id, rule.team, rule.level, ...rule.tags]
        .join('\n')
        .toLowerCase()
      return words.every((word) => all.includes(word))
    })
    .sort(
      (a, b) =>
        fired(b) - fired(a) ||
        gravity(a.level) - gravity(b.level) ||
        a.title.localeCompare(b.title),
    )
}

/** How many of these say what they find: none that a set has turned off. */
export const inForce = (rules: readonly RuleItem[]): number =>
  rules.filter((rule) => rule.off_by == null).length

/** What a correlation is built from. */
export const blocksOf = (rules: readonly RuleItem[], id: string): RuleItem[] =>
  rules.filter((rule) => parentOf(rule.id) === id)

/** A problem of a content file in words, whatever its shape. */
export function problemText(problem: unknown): string {
  if (typeof problem === 'string') return problem.slice(0, 500)
  if (problem === null || typeof problem !== 'object') return String(problem)
  const { file, path, detail, message } = problem as Record<string, unknown>
  const parts = [file ?? path, detail ?? message].filter((part) => typeof part === 'string')
  return (parts.length > 0 ? parts.join(': ') : JSON.stringify(problem)).slice(0, 500)
}
