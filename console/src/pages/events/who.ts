/** Whom `person:` means: a number, an employee number, or a name that was asked for. Pure. */
import type { PersonItem } from '../../api/types'
import type { ApiQuery, Filter } from './filter'

export interface Who {
  /** The one who is meant. */
  id?: string
  /** Several are called so. */
  many?: readonly string[]
  /** Nobody that we know of; names that were not asked for are not known. */
  isUnknown?: boolean
}

export type Finder = (value: string) => Who

/** While nobody is known yet, a value stands for itself. */
export const AS_WRITTEN: Finder = (value) => ({ id: value })

const MANY_SHOWN = 5

/**
 * Finds people by number, and by the names that the server gave: of whom it gave none, nobody can
 * tell from the answer whether they exist.
 */
export function finderOf(people: readonly PersonItem[]): Finder {
  const byNumber = new Map<string, string>()
  for (const { id, identifiers } of people) {
    byNumber.set(id.toLowerCase(), id)
    for (const { kind, value } of identifiers) {
      if (kind === 'employee_number') byNumber.set(value.toLowerCase(), id)
    }
  }
  const named = people.flatMap(({ id, name }) => (name ? [{ id, name: name.toLowerCase() }] : []))
  return (value) => {
    const asked = value.trim().toLowerCase()
    const id = byNumber.get(asked)
    if (id !== undefined) return { id }
    const words = asked.split(/\s+/).filter(Boolean)
    const fit = named.filter(({ name }) => words.every((word) => name.includes(word)))
    const whole = fit.filter(({ name }) => name === asked)
    const found = whole.length > 0 ? whole : fit
    if (found.length === 1) return { id: found[0]!.id }
    if (found.length > 1) return { many: found.slice(0, MANY_SHOWN).map((one) => one.id) }
    return { id: value, isUnknown: true }
  }
}

/** The question with the number of whom it names; the same one where it has that already. */
export function withPerson(query: ApiQuery, find: Finder): ApiQuery {
  if (query.person === undefined) return query
  const id = find(query.person).id ?? query.person
  return id === query.person ? query : { ...query, person: id }
}

/** What a filter says of people that fits nobody, or several. */
export function unclear(filter: Filter, find: Finder): { value: string; who: Who }[] {
  return filter.terms
    .filter((term) => term.key === 'person')
    .map(({ value }) => ({ value, who: find(value) }))
    .filter(({ who }) => who.isUnknown || who.many)
}
