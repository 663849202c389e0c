/** What the server says of why a finding stands, and the words for it. */
import type { components } from '../../api/schema'

type Schemas = components['schemas']
export type EventWhy = Omit<Schemas['EventWhyItem'], 'explanation'> & {
  explanation?: Explanation | null
}
export type LookUp = Schemas['LookUpItem']
export type WhyAnswer = Omit<Schemas['WhyAnswer'], 'events' | 'rule'> & {
  events: EventWhy[]
  rule?: Explanation | null
}

export type Truth = 'true' | 'false' | 'unknown'

export interface Literal {
  asks: string
  field?: string
  saw?: string
  unknown?: string
  truth: Truth
  of?: 'all' | 'any'
  members?: Literal[]
}

export interface RulePart {
  name: string
  truth: Truth
  is_decisive: boolean
  filter?: string
  of: 'all' | 'any'
  literals: Literal[]
}

export interface Explanation {
  rule: string
  title: string
  outcome: 'matches' | 'silenced' | 'undecided' | 'does_not_match' | 'not_tried'
  because: string
  conditions: string[]
  parts: RulePart[]
  unknown: string[]
  window?: Window | null
}

export interface Window {
  group: Record<string, string | null>
  timespan_s: number
  needs: string
  has: string
  missing: string[]
}

/** The conditions that hold, flat, without what only excludes: those a reader looks for first. */
export function heldIn(told: Explanation | null | undefined): Literal[] {
  const held = (told?.parts ?? []).filter((part) => part.truth === 'true')
  const flat = (literal: Literal): Literal[] =>
    literal.members?.length ? literal.members.flatMap(flat) : [literal]
  return held.flatMap((part) => part.literals.flatMap(flat)).filter(({ truth }) => truth === 'true')
}

/** What nobody knew: what the finding says, and what its rule asked in vain; each once. */
export function unknownOf(answer: WhyAnswer): string[] {
  const asked = answer.events.flatMap((event) => event.explanation?.unknown ?? [])
  return [...new Set([...answer.finding.undecided, ...asked])]
}
