import { Button, SegmentedControl, Select } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { useKeys } from '../keys/keys'
import { hear } from '../live/link'
import { useDirectory } from '../org/organisation'
import { useRight } from '../session/session'
import { t, word } from '../text'
import { serverNow } from '../time/clock'
import { fullDay } from '../time/format'
import { wallOf } from '../time/zoned'
import { EmptyNote, ProblemNote, Waiting } from '../ui/Notes'
import { Pane } from '../ui/Pane'
import { useUrl } from '../url'
import { EntryForm, TEXT_FIELD } from './EntryForm'
import { Entries } from './Entries'
import css from './log.module.css'
import {
  byDay,
  corrections,
  freshDraft,
  keepDraft,
  keptDraft,
  KINDS,
  PERIODS_H,
  readLogFilter,
  readPage,
  type Draft,
  type Occurrence,
} from './occurrences'
import { ShiftReport } from './ShiftReport'

/** The live stream tells of new entries; this is for what it could not tell. */
const AGAIN_MS = 60_000

/** The occurrence log: read, written, corrected by new entries, never changed. */
export default function LogPage({ tabs }: { tabs: React.ReactNode }) {
  const [url] = useUrl()
  const directory = useDirectory()
  const filter = readLogFilter(url)
  const mayWrite = useRight('occurrence.write').allowed
  const [draft, setDraft] = useState(keptDraft)
  const change = useCallback(
    (patch: Partial<Draft>) =>
      setDraft((before) => {
        // The same words under the same key are written once; other words are another entry.
        const next = { ...before, key: crypto.randomUUID(), ...patch }
        keepDraft(next)
        return next
      }),
    [],
  )
  const asked = useInfiniteQuery({
    queryKey: ['occurrences', filter.site, filter.hours],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => readPage(filter, pageParam, serverNow(), signal),
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: AGAIN_MS,
  })
  const { refetch } = asked
  useEffect(() => hear('occurrence', () => void refetch()), [refetch])
  const all = useMemo(
    () => asked.data?.pages.flatMap((page) => page.occurrences) ?? [],
    [asked.data],
  )
  const byId = useMemo(() => new Map(all.map((entry) => [entry.id, entry])), [all])
  const days = useMemo(() => {
    const wanted = filter.kind ? all.filter(({ kind }) => kind === filter.kind) : all
    return byDay(wanted, (entry) => fullDay(entry.at, directory.zoneOf(entry.place ?? entry.site)))
  }, [all, filter.kind, directory])
  const corrected = useMemo(() => corrections(all), [all])
  const correct = useCallback(
    (entry: Occurrence) => {
      change({
        kind: entry.kind,
        place: entry.place ?? entry.site ?? null,
        // It happened when it happened; only the words were wrong.
        exact: entry.at,
        wall: wallOf(Date.parse(entry.at), directory.zoneOf(entry.place ?? entry.site)),
        text: entry.text,
        corrects: entry.id,
        incident: entry.incident ?? undefined,
      })
      document.getElementById(TEXT_FIELD)?.focus()
    },
    [change, directory],
  )
  const done = () => {
    keepDraft(undefined)
    setDraft(freshDraft())
    void asked.refetch()
    document.getElementById(TEXT_FIELD)?.focus()
  }
  useKeys([
    {
      keys: 'n',
      label: t('log.new'),
      group: t('log.title'),
      run: () => document.getElementById(TEXT_FIELD)?.focus(),
    },
  ])
  const age_ms = Date.now() - asked.dataUpdatedAt
  return (
    <div className={css.page}>
      <Pane
        title={t('log.title')}
        isFlush
        className={css.read}
        readAt={asked.dataUpdatedAt ? performance.now() - age_ms : undefined}
        head={
          <>
            {tabs}
            <span className={css.spacer} />
            <ShiftReport site={filter.site} />
          </>
        }
      >
        <Filters />
        {asked.error ? (
          <ProblemNote error={asked.error} retry={() => void asked.refetch()} />
        ) : asked.isPending ? (
          <Waiting />
        ) : days.length === 0 ? (
          <EmptyNote title={t('log.none')}>{t('log.none_text')}</EmptyNote>
        ) : (
          <div className={css.scroll} tabIndex={0} role="group" aria-label={t('log.title')}>
            <Entries
              days={days}
              corrections={corrected}
              byId={byId}
              correct={mayWrite ? correct : undefined}
            />
            {asked.hasNextPage && (
              <Button
                variant="subtle"
                fullWidth
                loading={asked.isFetchingNextPage}
                onClick={() => void asked.fetchNextPage()}
              >
                {t('incidents.more_pages')}
              </Button>
            )}
          </div>
        )}
      </Pane>
      <Pane title={t(draft.corrects ? 'log.correction' : 'log.new')} className={css.write}>
        <EntryForm
          draft={draft}
          change={change}
          done={done}
          corrected={byId.get(draft.corrects ?? '')}
        />
      </Pane>
    </div>
  )
}

/** Which site, which kind, how far back. */
function Filters() {
  const [url, setUrl] = useUrl()
  const directory = useDirectory()
  const filter = readLogFilter(url)
  return (
    <div className={css.filters}>
      <Select
        aria-label={t('incidents.site')}
        placeholder={t('log.every_site')}
        value={filter.site ?? null}
        clearable
        data={directory.organisation.sites.map((id) => ({
          value: id,
          label: directory.siteName(id),
        }))}
        onChange={(site) => setUrl({ site: site ?? undefined })}
      />
      <Select
        aria-label={t('log.kind')}
        placeholder={t('log.every_kind')}
        value={filter.kind ?? null}
        clearable
        data={KINDS.map((value) => ({ value, label: word('log', 'kind', value) }))}
        onChange={(kind) => setUrl({ kind: kind ?? undefined })}
      />
      <SegmentedControl
        value={filter.hours ?? ''}
        aria-label={t('log.period')}
        onChange={(hours) => setUrl({ hours: hours || undefined })}
        data={[
          { value: '', label: t('log.period_all') },
          ...PERIODS_H.map((value) => ({ value, label: t(`log.period_${value}`) })),
        ]}
      />
    </div>
  )
}
