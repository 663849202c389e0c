/** What completion knows: people, doors, things, places, sources, classes and some spans. */
import { useMemo } from 'react'
import type { SourceItem } from '../../api/types'
import { useDirectory } from '../../org/organisation'
import { AS_WRITTEN, finderOf, type Finder } from './who'
import { useReading } from '../../parts/reading'
import { nameOfPerson, usePeople } from '../people/people'
import { CLASSES, type Known } from './filter'

const SPANS = ['15m', '1h', '4h', '24h', '7d', '30d'].map((value) => ({ value }))
const CLASS_WORDS = Object.entries(CLASSES).map(([value, uid]) => ({ value, name: String(uid) }))

/** Whom `person:` means. */
export function useFinder(): Finder {
  const { people, isWhole } = usePeople()
  return useMemo(() => (isWhole ? finderOf(people) : AS_WRITTEN), [people, isWhole])
}

export function useKnown(): Known {
  const { organisation } = useDirectory()
  const { people } = usePeople()
  const { data: sources } = useReading<SourceItem[]>('/v1/sources')
  return useMemo(() => {
    const places = organisation.places.map(({ id, name }) => ({ value: id, name }))
    const doors = new Set(organisation.doors.map(({ door }) => door))
    return {
      person: people.map((one) => ({ value: one.id, name: nameOfPerson(one) })),
      door: places.filter(({ value }) => doors.has(value)),
      place: places.filter(({ value }) => !doors.has(value)),
      site: places.filter(({ value }) => organisation.sites.includes(value)),
      host: organisation.assets.map(({ id, name }) => ({ value: id, name })),
      source: (sources ?? []).map(({ id, mapping }) => ({ value: id, name: mapping })),
      class: CLASS_WORDS,
      since: SPANS,
      until: SPANS,
    }
  }, [organisation, people, sources])
}
