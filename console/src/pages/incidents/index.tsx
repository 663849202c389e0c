import { Button, CloseButton, SegmentedControl } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import {
  lazy,
  Suspense,
  useCallback,
  useDeferredValue,
  useEffect,
  useMemo,
  useState,
  type ReactNode,
} from 'react'
import { get } from '../../api/client'
import type { Incident } from '../../api/types'
import { Dialogs } from '../../incident/Dialogs'
import { openDialog } from '../../incident/dialogs'
import { FilterSelects, FilterText } from '../../incident/FilterBar'
import { OPEN_STATES, readFilter } from '../../incident/filter'
import { type Row, rowKey } from '../../incident/flood'
import { IncidentDetail } from '../../incident/IncidentDetail'
import { Cursor } from '../../incident/IncidentList'
import { ListHead } from '../../incident/ListHead'
import { QueueBody } from '../../incident/QueueBody'
import { useFollow } from '../../incident/useFollow'
import { useQueue } from '../../incident/useQueue'
import { useQueueKeys } from '../../incident/useQueueKeys'
import { ShiftReport } from '../../log/ShiftReport'
import { useOffers } from '../../parts/reading'
import { useRight } from '../../session/session'
import { t } from '../../text'
import { refusalOf } from '../../ui/ActionButton'
import { Waiting } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { useUrl, type UrlState } from '../../url'
import css from './incidents.module.css'
import { StateFilter } from './StateFilter'
import { Views } from './Views'

const LogPage = lazy(() => import('../../log/LogPage'))

const PAGE = 200

/** Those that are done are asked of the server, page by page; those that are open are held live. */
function useDone(url: UrlState) {
  const filter = readFilter(url)
  const states = filter.states.filter((state) => !OPEN_STATES.includes(state))
  const query = useInfiniteQuery({
    queryKey: ['incidents', 'done', states.join(), filter.level, filter.entity],
    enabled: states.length > 0,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      get<{ incidents: Incident[]; next?: string | null }>(
        '/v1/incidents',
        {
          state: states.join(),
          level: filter.level,
          entity: filter.entity,
          limit: PAGE,
          after: pageParam,
        },
        signal,
      ),
    getNextPageParam: (last) => last.next ?? undefined,
  })
  const list = useMemo(
    () => query.data?.pages.flatMap((page) => page.incidents) ?? [],
    [query.data],
  )
  return { list: states.length > 0 ? list : NONE, query, isAsked: states.length > 0 }
}

const NONE: Incident[] = []

/** The incidents, and beside them the log of what was none. */
export default function IncidentsPage() {
  const [url] = useUrl()
  const hasLog = useHasLog()
  const tabs = hasLog ? <Tabs /> : null
  return hasLog && url.tab === 'log' ? (
    <Suspense fallback={<Waiting />}>
      <LogPage tabs={tabs} />
    </Suspense>
  ) : (
    <Incidents tabs={tabs} />
  )
}

/** Whether the server keeps a log that this operator may read. */
function useHasLog(): boolean {
  const isOffered = useOffers('get', '/v1/occurrences')
  return useRight('occurrence.read').allowed && isOffered === true
}

function Tabs() {
  const [url, setUrl] = useUrl()
  return (
    <SegmentedControl
      value={url.tab === 'log' ? 'log' : 'incidents'}
      onChange={(tab) => setUrl({ tab: tab === 'log' ? 'log' : undefined, i: undefined }, true)}
      aria-label={t('incidents.show')}
      data={[
        { value: 'incidents', label: t('log.tab_incidents') },
        { value: 'log', label: t('log.tab_log') },
      ]}
    />
  )
}

/** Every incident: filtered, worked on one by one or many at once. */
function Incidents({ tabs }: { tabs: ReactNode }) {
  const [url, setUrl] = useUrl()
  const [cursor] = useState(() => new Cursor())
  const done = useDone(url)
  const queue = useQueue(url, cursor, done.list)
  const manual = useRight('incident.manual')
  useFollow(cursor, url.i, setUrl, url.i !== undefined)
  const show = useCallback((id: string | undefined) => setUrl({ i: id }, true), [setUrl])
  const open = useCallback(
    (row: Row) => {
      if (row.kind === 'group') queue.toggleGroup(row.key)
      else show(row.id)
    },
    [queue.toggleGroup, show],
  )
  const openKey = (key: string) => {
    const row = queue.rows.find((one) => rowKey(one) === key)
    if (row) open(row)
  }
  useQueueKeys({
    queue,
    cursor,
    open: openKey,
    preview: openKey,
    leave: () => {
      if (url.i) setUrl({ i: undefined })
      else cursor.look(undefined)
    },
  })
  useEffect(() => {
    if (url.i && cursor.at.get() === undefined) cursor.look(url.i)
  }, [url.i, cursor])
  const chosen = useDeferredValue(url.i)
  const shown = useMemo(
    () =>
      queue.rows.reduce(
        (sum, row) => sum + (row.kind === 'group' ? row.ids.length : row.isChild ? 0 : 1),
        0,
      ),
    [queue.rows],
  )
  const more = useCallback(() => {
    if (done.query.hasNextPage && !done.query.isFetchingNextPage) void done.query.fetchNextPage()
  }, [done.query])
  return (
    <div className={css.page} data-split={url.i ? true : undefined}>
      <Pane
        title={t('incidents.title')}
        isFlush
        className={`${css.list} ${tabs ? css.tabbed : ''}`}
        head={
          <>
            {tabs}
            <span className={`${css.count} dim num`}>{t('incidents.shown', { count: shown })}</span>
            <span className={css.spacer} />
            <span className={css.report}>
              <ShiftReport site={url.site} />
            </span>
            <Button
              size="compact-sm"
              leftSection={<IconPlus size={14} />}
              onClick={() => openDialog('open')}
              disabled={!manual.allowed}
              title={refusalOf(manual)}
            >
              {t('incidents.by_hand')}
            </Button>
          </>
        }
      >
        <Views />
        <div className={css.filters}>
          <FilterText />
          <StateFilter />
          <FilterSelects />
        </div>
        {queue.rows.length > 0 && !url.i && <ListHead />}
        <QueueBody
          queue={queue}
          cursor={cursor}
          isWide={!url.i}
          onOpen={open}
          onMore={more}
          isReading={done.isAsked && done.query.isPending}
        />
      </Pane>
      {url.i && chosen && (
        <Pane
          title={t('incidents.incident')}
          isFlush
          className={css.detail}
          head={
            <>
              <span className={css.spacer} />
              <CloseButton
                size="sm"
                aria-label={t('incidents.detail_close')}
                onClick={() => show(undefined)}
              />
            </>
          }
        >
          <IncidentDetail id={chosen} />
        </Pane>
      )}
      <Dialogs />
    </div>
  )
}
