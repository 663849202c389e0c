/** The organisation's people, read page by page. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { get } from '../../api/client'
import type { PersonItem } from '../../api/types'

interface PeoplePage {
  people: PersonItem[]
  next?: string | null
}

/** More people than this are found by the server's search only. */
export const PEOPLE_MAX = 20_000
const PAGE = 500
const NOBODY: PersonItem[] = []

/** The name, if the server gives one; else the pseudonym; a server without either gives the id. */
export const nameOfPerson = (person: PersonItem): string =>
  person.name ?? person.pseudonym ?? person.id

/** The server hides who it is until somebody gives a reason. */
export const isVeiled = (person: PersonItem): boolean =>
  !person.name && (person.name === null || typeof person.pseudonym === 'string')

export function usePeople() {
  const asked = useInfiniteQuery({
    queryKey: ['people'],
    queryFn: ({ pageParam, signal }) =>
      get<PeoplePage>('/v1/people', { limit: PAGE, after: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last, pages) =>
      last.next && pages.length * PAGE < PEOPLE_MAX ? last.next : undefined,
    staleTime: 60_000,
  })
  const { hasNextPage, isFetchingNextPage, fetchNextPage, data } = asked
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const people = useMemo(() => data?.pages.flatMap((page) => page.people) ?? NOBODY, [data])
  const age_ms = Date.now() - asked.dataUpdatedAt
  return {
    people,
    isWaiting: asked.isPending,
    isWhole: data !== undefined && !hasNextPage,
    error: asked.error,
    readAt: asked.dataUpdatedAt ? performance.now() - age_ms : undefined,
    again: () => void asked.refetch(),
  }
}

/** The people in whose names, numbers, accounts or team every word occurs. */
export function found(people: readonly PersonItem[], text: string): PersonItem[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return [...people]
  return people.filter((person) => {
    const all = [
      person.id,
      person.name,
      person.pseudonym,
      person.team,
      person.site,
      person.kind,
      person.status,
      ...person.identifiers.map((one) => one.value),
      ...person.assets,
    ]
      .join('\n')
      .toLowerCase()
    // Of a badge we hold the end of its number alone: a whole number fits all that end so.
    const ends = person.identifiers.flatMap(({ value }) =>
      value.startsWith('…') && value.length > 1 ? [value.slice(1).toLowerCase()] : [],
    )
    const isBadge = (word: string) =>
      /^\d{4,}$/.test(word) && ends.some((end) => word.endsWith(end))
    return words.every((word) => all.includes(word) || isBadge(word))
  })
}
