/** The events behind an incident, and those around it in time. */
import { useQueries, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { get } from '../api/client'
import { asProblem } from '../api/problem'
import type { EventItem, EvidenceRef, Incident, OcsfEvent } from '../api/types'
import { at, eventKey, isEcho, withoutEchoes } from '../event/describe'
import { parseEntity } from '../org/organisation'
import { msOf } from '../time/format'

/** Events of the evidence that are read. */
const EVIDENCE_MAX = 60
const AROUND_MAX = 100
const PARTS_MAX = 3

/** A record can give several events; the evidence says which class it meant. */
async function readEvidence(ref: EvidenceRef, signal: AbortSignal): Promise<EventItem | null> {
  for (let part = 0; part < PARTS_MAX; part += 1) {
    try {
      const item = await get<EventItem>(`/v1/events/${ref.record}/${part}`, {}, signal)
      if (item.event.class_uid === ref.class_uid) return item
    } catch (thrown) {
      if (asProblem(thrown).status === 404) return null
      throw thrown
    }
  }
  return null
}

export interface Evidence {
  items: readonly EventItem[]
  /** No longer there, or not to be read by this operator. */
  missing: number
  isReading: boolean
}

/** The events that the findings rest on, oldest first. */
export function useEvidence(incident: Incident | undefined): Evidence {
  return useEvidenceOf(incident?.evidence)
}

/** The same of a finding that may belong to no incident. */
export function useEvidenceOf(evidence: readonly EvidenceRef[] | undefined): Evidence {
  const refs = useMemo(() => (evidence ?? []).slice(-EVIDENCE_MAX), [evidence])
  const results = useQueries({
    queries: refs.map((ref) => ({
      queryKey: ['evidence', ref.record, ref.class_uid],
      queryFn: ({ signal }: { signal: AbortSignal }) => readEvidence(ref, signal),
      staleTime: Infinity,
    })),
    combine: (list) => ({
      items: list.flatMap((result) => result.data ?? []),
      missing: list.filter((result) => result.data === null || result.isError).length,
      isReading: list.some((result) => result.isPending),
    }),
  })
  return useMemo(() => {
    const seen = new Map(results.items.map((item) => [eventKey(item), item]))
    return { ...results, items: [...seen.values()].sort(byTime) }
  }, [results])
}

export const byTime = (a: EventItem, b: EventItem): number =>
  msOf(a.time) - msOf(b.time) || a.record - b.record

/** Whether an event is about one of these people, things or doors; a room holds too many others. */
export function isAbout(
  event: OcsfEvent,
  entities: ReadonlySet<string>,
  isDoor: (place: string) => boolean,
): boolean {
  const texts = (...paths: string[]) =>
    paths.map((path) => at(event, path)).filter((value) => typeof value === 'string')
  const people = texts('castellan.person', 'castellan.src.owner.id', 'castellan.dst.owner.id')
  const things = texts('castellan.src.asset', 'castellan.device.asset', 'castellan.dst.asset')
  const places = texts('castellan.place.id').filter(isDoor)
  return (
    people.some((id) => entities.has(`person:${id}`)) ||
    things.some((id) => entities.has(`asset:${id}`)) ||
    places.some((id) => entities.has(`place:${id}`))
  )
}

/**
 * What an incident's evidence shows: each fact once, what it is about first, then what else
 * happened around it. `own` are the events that its findings rest on.
 */
export function evidenceOf(
  evidence: readonly EventItem[],
  around: readonly EventItem[],
  isAbout: (event: OcsfEvent) => boolean,
): { about: EventItem[]; around: EventItem[]; own: Set<string> } {
  const all = new Map([...around, ...evidence].map((item) => [eventKey(item), item]))
  const items = withoutEchoes([...all.values()], (item) => item).sort(byTime)
  // A finding that rests on a badge read as a sign-in rests on the badge read.
  const echoed = new Set(evidence.filter(({ event }) => isEcho(event)).map(({ record }) => record))
  const keys = new Set(evidence.map(eventKey))
  const isOwn = (item: EventItem) => keys.has(eventKey(item)) || echoed.has(item.record)
  const isFirst = (item: EventItem) => isOwn(item) || isAbout(item.event)
  return {
    about: items.filter(isFirst),
    around: items.filter((item) => !isFirst(item)),
    own: new Set(items.filter(isOwn).map(eventKey)),
  }
}

const FILTERS: Record<string, string> = { person: 'person', asset: 'asset', place: 'place' }
/** Entities whose surroundings are asked for. */
const ENTITIES_MAX = 6

/** What else happened to the same people, things and places, so many minutes before and after. */
export function useAround(incident: Incident | undefined, minutes: number) {
  return useQuery({
    queryKey: ['around', incident?.id, incident?.last_seen, incident?.entities.join(), minutes],
    enabled: incident !== undefined && minutes > 0,
    queryFn: async ({ signal }) => {
      const from = new Date(msOf(incident!.first_seen) - minutes * 60_000).toISOString()
      const to = new Date(msOf(incident!.last_seen) + minutes * 60_000).toISOString()
      const asked = incident!.entities.slice(0, ENTITIES_MAX).flatMap((entity) => {
        const { kind, id } = parseEntity(entity)
        const filter = FILTERS[kind]
        return filter ? [{ from, to, limit: AROUND_MAX, [filter]: id }] : []
      })
      const pages = await Promise.all(
        asked.map((query) => get<{ events: EventItem[] }>('/v1/events', query, signal)),
      )
      const all = new Map(
        pages.flatMap((page) => page.events).map((item) => [eventKey(item), item]),
      )
      return [...all.values()].filter((item) => !isEcho(item.event)).sort(byTime)
    },
  })
}
