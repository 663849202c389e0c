/** What the palette can lead to, and how it is searched. */
import { IconAlertTriangle, IconArrowRight, IconCommand } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useMemo, type ReactNode } from 'react'
import { get } from '../api/client'
import type { PersonItem } from '../api/types'
import { incidents } from '../live/incidents'
import { useExternal } from '../live/external'
import { useDirectory } from '../org/organisation'
import { t, word } from '../text'
import { EntityIcon } from '../ui/EntityLink'
import { soughtOf, type Sought } from './choice'
import type { PageCommand } from './commands'
import { asides, pages } from './pages'

export interface Option extends Sought {
  hint?: string
  icon?: ReactNode
  to?: string
  search?: Record<string, string>
  run?: () => void
}

/** People read for the palette at most. */
const PEOPLE_MAX = 5_000

async function readPeople(signal: AbortSignal): Promise<PersonItem[]> {
  const all: PersonItem[] = []
  let after: string | undefined
  do {
    const page = await get<{ people: PersonItem[]; next?: string | null }>(
      '/v1/people',
      { limit: 500, after },
      signal,
    )
    all.push(...page.people)
    after = page.next ?? undefined
  } while (after && all.length < PEOPLE_MAX)
  return all
}

export const usePeople = () =>
  useQuery({
    queryKey: ['people', 'all'],
    queryFn: ({ signal }) => readPeople(signal),
    staleTime: 300_000,
  })

/** `also`: what it is found by and does not show. */
const option = ({ also = '', ...o }: Omit<Option, 'sought'> & { also?: string }): Option => ({
  ...o,
  sought: soughtOf(`${o.hint ?? ''} ${o.key} ${also}`),
})

export interface Options {
  options: readonly Option[]
  /** People, places or incidents are still being read. */
  isSearching: boolean
}

/** Everything, in the order in which groups are shown. */
export function useOptions(own: readonly PageCommand[]): Options {
  const { byId, isLoaded, problem } = useExternal(incidents)
  const directory = useDirectory()
  const { data: people, isLoading } = usePeople()
  const isSearching = isLoading || directory.isReading || (!isLoaded && !problem)
  const options = useMemo(() => {
    const commands = own.map((c) =>
      option({
        key: c.key,
        group: t('shell.group_commands'),
        label: c.label,
        hint: c.hint,
        run: c.run,
        icon: <IconCommand size={15} aria-hidden />,
      }),
    )
    const leads = [...pages, ...asides].map((p) =>
      option({
        key: `page:${p.to}`,
        group: t('shell.group_pages'),
        label: t(p.label),
        hint: `g ${p.key}`,
        to: p.to,
        icon: <IconArrowRight size={15} aria-hidden />,
      }),
    )
    const cases = [...byId.values()].map((i) =>
      option({
        key: i.id,
        group: t('shell.group_incidents'),
        label: directory.inWords(i.title, i.entities),
        hint: `${word('incidents', 'level', i.level)} · ${directory.siteName(i.site)}`,
        to: '/incidents',
        search: { i: i.id },
        icon: <IconAlertTriangle size={15} aria-hidden />,
      }),
    )
    const persons = (people ?? []).map((p) =>
      option({
        key: `person:${p.id}`,
        group: t('shell.group_people'),
        label: p.name ?? p.pseudonym ?? p.id,
        hint: directory.siteName(p.site),
        also: p.identifiers.map((one) => one.value).join(' '),
        to: '/people',
        search: { id: p.id },
        icon: <EntityIcon kind="person" size={15} />,
      }),
    )
    const { places, assets } = directory.organisation
    const spots = places.map((p) =>
      option({
        key: `place:${p.id}`,
        group: t(p.kind === 'door' ? 'shell.group_doors' : 'shell.group_places'),
        label: p.name,
        hint: directory.siteName(p.site),
        to: '/places',
        search: { id: p.id },
        icon: <EntityIcon kind={p.kind} size={15} />,
      }),
    )
    const things = assets.map((a) =>
      option({
        key: `asset:${a.id}`,
        group: t('shell.group_assets'),
        label: a.name,
        hint: a.kind,
        to: '/places',
        search: { asset: a.id },
        icon: <EntityIcon kind={a.kind} of="asset" size={15} />,
      }),
    )
    return [...commands, ...leads, ...cases, ...persons, ...spots, ...things]
  }, [own, byId, directory, people])
  return { options, isSearching }
}
