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

/** A part of a condition that must not hold, and does not: what it asks, and what was there. */
export interface Excluded {
  name: string
  of: 'all' | 'any'
  literals: Literal[]
}

/**
 * The negated parts that the verdict hangs on. What matched although a part of it is false, and
 * would not have matched were that true, says `not` of it.
 */
export function excludedIn(told: Explanation | null | undefined): Excluded[] {
  if (!told || told.outcome === 'does_not_match' || told.outcome === 'undecided') return []
  return told.parts
    .filter((part) => part.truth === 'false' && part.is_decisive && part.literals.length > 0)
    .map(({ name, of, literals }) => ({ name, of, literals }))
}

/** Whether an identifier is no other than the thing itself: the name of a door, its own id. */
export const isItself = (value: string, entity: string, name: string): boolean =>
  // The account of a person is not the person, whatever it is called.
  !entity.startsWith('person:') &&
  [entity, entity.slice(entity.indexOf(':') + 1), name].some(
    (own) => own.trim().toLowerCase() === value.trim().toLowerCase(),
  )

/** What nobody knew: what the finding says, and what its rule asked in vain; each once. */
export function unknownOf(answer: WhyAnswer): string[] {
  const asked = answer.events.flatMap((event) => event.explanation?.unknown ?? [])
  return [...new Set([...answer.finding.undecided, ...asked])]
}
