import { Button } from '@mantine/core'
import { IconChartBar } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo } from 'react'
import { get } from '../../api/client'
import { asProblem } from '../../api/problem'
import type { EventItem } from '../../api/types'
import { useDirectory } from '../../org/organisation'
import { Plot } from '../../parts/Plot'
import { useReading } from '../../parts/reading'
import { count, t } from '../../text'
import { serverNow } from '../../time/clock'
import { fullTime, zoneName } from '../../time/format'
import { DataAge } from '../../ui/DataAge'
import { EmptyNote, ProblemNote, Waiting } from '../../ui/Notes'
import { EventTable, shownCount } from './EventTable'
import { parse, KEYS, write, type ApiQuery } from './filter'
import type { ListProps } from './index'
import { folded, Row } from './live'
import css from './events.module.css'

interface Page {
  events: EventItem[]
  next?: string | null
  /** What is covered for us was not looked into. */
  names_unsearched?: boolean
}

const PAGE = 200
/** More rows than this help nobody: the filter should be narrower. */
const ROWS_MAX = 20_000
const NO_ROWS: readonly Row[] = []
const DAY_MS = 86_400_000

/** Events of the past, newest first, page by page as one scrolls. */
export function SearchList(props: ListProps) {
  const { query, round, columns, chosen, onChoose, onPivot, onRows, setText, text } = props
  const asked = useInfiniteQuery({
    queryKey: ['events', query, round, text],
    queryFn: ({ pageParam, signal }) =>
      get<Page>('/v1/events', { ...query, limit: PAGE, before: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last, pages) =>
      last.next && last.events.length > 0 && pages.length * PAGE < ROWS_MAX ? last.next : undefined,
    // Rows of another question would pass for its answer; the same one asked again keeps them.
    placeholderData: (before, was) => (was?.queryKey[3] === text ? before : undefined),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = asked
  const all = useMemo(
    () =>
      data?.pages.flatMap((page) => page.events.map((item) => new Row(undefined, item))) ?? NO_ROWS,
    [data],
  )
  const rows = useMemo(() => folded(all, query), [all, query])
  useEffect(() => onRows(rows), [onRows, rows])
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const readAt = performance.now() - (Date.now() - asked.dataUpdatedAt)
  return (
    <>
      <Histogram query={query} text={text} setText={setText} rows={all} />
      {data?.pages[0]?.names_unsearched && (
        <p className={css.stripNote} role="note">
          {t('events.names_unsearched')}
        </p>
      )}
      {asked.error ? (
        <ProblemNote error={asProblem(asked.error)} retry={() => void asked.refetch()} />
      ) : asked.isPending ? (
        <Waiting label={t('events.searching')} />
      ) : rows.length === 0 ? (
        <EmptyNote title={t('events.none')}>
          {t('events.none_text')}{' '}
          {text && (
            <Button variant="subtle" onClick={() => setText('')}>
              {t('events.clear_filter')}
            </Button>
          )}
        </EmptyNote>
      ) : (
        <EventTable
          rows={rows}
          columns={columns}
          chosen={chosen}
          onChoose={onChoose}
          onPivot={onPivot}
          onEnd={more}
        />
      )}
      <div className={css.foot} aria-live="polite">
        <span className="num cut">
          {asked.isFetching
            ? t('events.searching')
            : shownCount(rows.length, all.length, hasNextPage)}
        </span>
        <DataAge readAt={asked.dataUpdatedAt ? readAt : undefined} />
      </div>
    </>
  )
}

/** How many of these, newest first, are dated at this moment or after it. */
export function laterThan(rows: readonly Pick<Row, 'item'>[], moment: string): number {
  const at = rows.findIndex(({ item }) => Date.parse(item.time) < Date.parse(moment))
  return at < 0 ? rows.length : at
}

interface Counts {
  from: string
  to: string
  step_ms: number
  buckets: { at: string; count: number }[]
}

/** Where in time they are; a stretch dragged over it narrows the search. */
function Histogram({
  query,
  text,
  setText,
  rows,
}: {
  query: ApiQuery
  text: string
  setText: (text: string) => void
  rows: readonly Row[]
}) {
  const directory = useDirectory()
  const zone = directory.zoneOf(query.site ?? query.place)
  // A search that begins at no moment is drawn over the last day.
  const from = useMemo(() => query.from ?? new Date(serverNow() - DAY_MS).toISOString(), [query])
  const { data, problem, isMissing, isOld, isWaiting } = useReading<Counts>(
    '/v1/events/histogram',
    { ...query, from, buckets: 60 },
    { keep: true },
  )
  const series = useMemo(
    () => ({
      times: (data?.buckets ?? []).map(({ at }) => Date.parse(at) / 1_000),
      values: (data?.buckets ?? []).map((bucket) => bucket.count),
    }),
    [data],
  )
  if (isMissing || problem) {
    return (
      <div className={css.strip}>
        <div className={css.stripNote}>
          <IconChartBar size={14} aria-hidden />
          {/* What is wrong with the question the list says already. */}
          {isMissing ? t('events.no_histogram') : t('events.not_counted')}
        </div>
      </div>
    )
  }
  const all = series.values.reduce((sum, value) => sum + value, 0)
  const choose = (from_s: number, to_s: number) => {
    const kept = withoutTimes(text)
    const iso = (s: number) => new Date(s * 1_000).toISOString()
    setText(
      write([...kept, { key: 'since', value: iso(from_s) }, { key: 'until', value: iso(to_s) }]),
    )
  }
  // A clock that is ahead dates events after now, where no bar stands; the list has them on top.
  const later = data && !query.to ? laterThan(rows, data.to) : 0
  const number = { count: all + later, number: count(all + later), later: count(later) }
  const label = t(later > 0 ? 'events.histogram_later' : 'events.histogram', number)
  return (
    <div className={css.strip} aria-busy={isOld || isWaiting} data-old={isOld || undefined}>
      <div className={css.stripNote}>
        <strong className="num">{isOld || isWaiting ? t('events.counting') : label}</strong>
        {query.from === undefined && <span>{t('events.histogram_day')}</span>}
        {data && !isOld && (
          <span className="num">
            {fullTime(data.from, zone)} – {fullTime(data.to, zone)} {zoneName(data.to, zone)}
          </span>
        )}
        <Spans text={text} setText={setText} />
      </div>
      <Plot kind="bars" {...series} height={84} label={label} zone={zone} onChosen={choose} />
    </div>
  )
}

const withoutTimes = (text: string) =>
  parse(text).terms.filter((term) => !term.key || !['from', 'to'].includes(KEYS[term.key]))

const SPANS = ['1', '7', '30'] as const

/** How far back is looked and counted, said and changed with one press. */
function Spans({ text, setText }: { text: string; setText: (text: string) => void }) {
  const now = parse(text).terms.find(({ key }) => key === 'since')?.value
  return (
    <span className={css.spans} role="group" aria-label={t('events.span_label')}>
      {SPANS.map((days) => {
        const since = days === '1' ? '24h' : `${days}d`
        return (
          <Button
            key={days}
            size="compact-xs"
            variant="subtle"
            aria-pressed={now === since}
            onClick={() => setText(write([...withoutTimes(text), { key: 'since', value: since }]))}
          >
            {t(`events.span_${days}`)}
          </Button>
        )
      })}
    </span>
  )
}
