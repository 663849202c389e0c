import { memo, useCallback, useMemo, useRef, useState } from 'react'
import { useKeys } from '../../keys/keys'
import { whereOf } from '../../event/describe'
import { t } from '../../text'
import { serverNow } from '../../time/clock'
import ui from '../../ui/ui.module.css'
import { useUrl } from '../../url'
import { assetOf } from '../../event/describe'
import { useChoice } from './choice'
import { columnsOf, textOf, whoOf } from './columns'
import { parse, quoted, toQuery, withTerm, type ApiQuery, type Key } from './filter'
import { FilterBar } from './FilterBar'
import { Flyout } from './Flyout'
import { useFinder } from './known'
import type { Row } from './live'
import { LiveList } from './LiveList'
import { SearchList } from './SearchList'
import { Tools } from './Tools'
import { withPerson } from './who'
import css from './events.module.css'

export interface ListProps {
  query: ApiQuery
  /** Counts up when the same question is asked again. */
  round: number
  columns: ReturnType<typeof columnsOf>
  chosen: string | undefined
  onChoose: (key: string | undefined) => void
  onPivot: (key: Key | undefined, value: string) => void
  /** Told the rows in view, for keys and for what stands beside the list. */
  onRows: (rows: readonly Row[]) => void
  setText: (text: string) => void
  text: string
}

const NO_ROWS: readonly Row[] = []

// What does not change while the keys run through the list is not drawn again.
const StillFilter = memo(FilterBar)
const StillTools = memo(Tools)
const StillFlyout = memo(Flyout)

/** Events running by, or found in the past; both asked for in one language. */
export default function EventsPage() {
  const [url, setUrl] = useUrl()
  const [round, setRound] = useState(0)
  const rows = useRef(NO_ROWS)
  const text = url.q ?? (url.text ? quoted(url.text) : '')
  const isLive = url.mode === 'live' || (url.mode === undefined && text === '')
  // A span such as `since:2h` is counted from when the question was asked, not from each render.
  const asked = useMemo(() => toQuery(parse(text), serverNow()).query, [text, round])
  const find = useFinder()
  const query = useMemo(() => withPerson(asked, find), [asked, find])
  const shown = useMemo(() => columnsOf(url.cols), [url.cols])
  const [chosen, choose] = useChoice(url.event, setUrl)
  const close = useCallback(() => choose(undefined), [choose])
  const again = useCallback(() => setRound((now) => now + 1), [])
  const setText = useCallback(
    (q: string) => {
      setRound((now) => now + 1)
      setUrl({ q, text: undefined, event: undefined }, true)
    },
    [setUrl],
  )
  const pivot = useCallback(
    (key: Key | undefined, value: string) => {
      setText(key ? withTerm(text, key, value) : `${text} ${quoted(value)}`.trim())
    },
    [setText, text],
  )
  const onRows = useCallback(
    (now: readonly Row[]) => {
      rows.current = now
    },
    [rows],
  )
  const at = rows.current.find((row) => row.key === url.event)
  useEventKeys({ rows, chosen, choose, pivot, isLive, setUrl })
  const list: ListProps = {
    query,
    round,
    columns: shown,
    chosen,
    onChoose: choose,
    onPivot: pivot,
    onRows,
    setText,
    text,
  }
  return (
    <div className={css.page} data-open={url.event ? true : undefined}>
      <section className={ui.pane} aria-label={t('events.title')}>
        <div className={css.bar}>
          <StillFilter text={text} onText={setText} />
          <StillTools
            text={text}
            query={query}
            isLive={isLive}
            columns={shown}
            setText={setText}
            setUrl={setUrl}
            again={again}
          />
        </div>
        {isLive ? <LiveList key={text} {...list} /> : <SearchList {...list} />}
      </section>
      {url.event && (
        <StillFlyout
          key={url.event}
          id={url.event}
          item={at?.isWhole ? at.item : undefined}
          close={close}
          onPivot={pivot}
        />
      )}
    </div>
  )
}

interface KeysProps {
  rows: { current: readonly Row[] }
  chosen: string | undefined
  choose: (key: string | undefined) => void
  pivot: (key: Key | undefined, value: string) => void
  isLive: boolean
  setUrl: (patch: Record<string, string | undefined>) => void
}

function useEventKeys({ rows, chosen, choose, pivot, isLive, setUrl }: KeysProps): void {
  const group = t('events.title')
  const step = (by: number) => {
    const list = rows.current
    const at = list.findIndex((row) => row.key === chosen)
    const next = list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + by))]
    if (next) choose(next.key)
  }
  const by = (key: Key, read: (event: Row['item']['event']) => string | undefined) => () => {
    const row = rows.current.find((one) => one.key === chosen)
    const value = row && read(row.item.event)
    if (value) pivot(key, value)
  }
  useKeys([
    { keys: 'j', label: t('events.key_next'), group, run: () => step(1) },
    { keys: 'k', label: t('events.key_previous'), group, run: () => step(-1) },
    { keys: 'Escape', label: t('events.close_event'), group, run: () => choose(undefined) },
    {
      keys: 'l',
      label: t('events.key_live'),
      group,
      run: () => setUrl({ mode: isLive ? 'search' : 'live', event: undefined }),
    },
    { keys: 'f p', label: t('events.key_by_person'), group, run: by('person', whoOf) },
    {
      keys: 'f d',
      label: t('events.key_by_place'),
      group,
      run: by('place', (event) => whereOf(event).place),
    },
    { keys: 'f h', label: t('events.key_by_host'), group, run: by('host', assetOf) },
    {
      keys: 'f i',
      label: t('events.key_by_ip'),
      group,
      run: by('ip', (event) => textOf(event, 'src_endpoint.ip', 'dst_endpoint.ip')),
    },
    {
      keys: 'f s',
      label: t('events.key_by_source'),
      group,
      run: by('source', (event) => textOf(event, 'castellan.source')),
    },
  ])
}
