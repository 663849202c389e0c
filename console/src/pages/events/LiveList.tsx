import { Button } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useKeys } from '../../keys/keys'
import { useDirectory } from '../../org/organisation'
import { count, t } from '../../text'
import { serverNow } from '../../time/clock'
import { DataAge } from '../../ui/DataAge'
import { EmptyNote, Waiting } from '../../ui/Notes'
import type { EventItem } from '../../api/types'
import { Plot } from '../../parts/Plot'
import { useReading } from '../../parts/reading'
import { EventTable } from './EventTable'
import type { ApiQuery } from './filter'
import type { ListProps } from './index'
import { folded, isFolding, Row, tailOf, TAIL_ROWS_MAX, useSampled, withHistory } from './live'
import { matches } from './matches'
import type { Tail } from '../../live/tail'
import css from './events.module.css'

/** Faster than this nobody reads. */
const SHOW_EVERY_MS = 250

/** Events as they happen: held while a row is looked at or the reader has scrolled away. */
export function LiveList({ query, columns, chosen, onChoose, onPivot, onRows }: ListProps) {
  const directory = useDirectory()
  const above = useRef((place: string) => [place])
  above.current = (place) => directory.above(place).map((one) => one.id)
  const tail = useMemo(() => {
    const isAll = Object.keys(query).length === 0
    return tailOf(
      isAll
        ? undefined
        : ({ event }, raw) => matches(event, raw, query, (place) => above.current(place)),
      isFolding(query),
    )
  }, [query])
  useEffect(() => tail.open(), [tail])
  const view = useSampled(tail.view, SHOW_EVERY_MS)
  const [isAtTop, setAtTop] = useState(true)
  const [isHeld, setHeld] = useState(false)
  const isStill = isHeld || chosen !== undefined || !isAtTop
  useEffect(() => tail.pause(isStill), [tail, isStill])
  const before = useReading<{ events: EventItem[] }>('/v1/events', { ...query, limit: 100 })
  const history = useMemo(
    () => folded((before.data?.events ?? []).map((item) => new Row(undefined, item)), query),
    [before.data, query],
  )
  const rows = useMemo(() => withHistory(view.rows, history), [view.rows, history])
  useEffect(() => onRows(rows), [onRows, rows])
  const toggle = () => {
    if (chosen) onChoose(undefined)
    setHeld(!isStill)
  }
  useKeys([{ keys: ' ', label: t('events.key_pause'), group: t('events.title'), run: toggle }])
  return (
    <>
      <div className={css.strip}>
        <Rate tail={tail} query={query} />
      </div>
      {rows.length === 0 && before.isWaiting ? (
        <Waiting />
      ) : rows.length === 0 ? (
        <EmptyNote title={t('events.live_empty')}>{t('events.live_empty_text')}</EmptyNote>
      ) : (
        <EventTable
          rows={rows}
          columns={columns}
          chosen={chosen}
          onChoose={onChoose}
          isRunning
          onPivot={onPivot}
          onScrolled={setAtTop}
        />
      )}
      <div className={css.foot}>
        <Button
          variant="subtle"
          size="compact-xs"
          color={isStill ? 'yellow' : 'gray'}
          onClick={toggle}
          leftSection={isStill ? <IconPlayerPlay size={13} /> : <IconPlayerPause size={13} />}
        >
          {isStill ? t('events.resume') : t('events.pause')}
        </Button>
        {isStill && (
          <span className={css.paused}>{t('events.waiting', { count: view.waiting })}</span>
        )}
        <Counts view={view} />
        <DataAge />
      </div>
    </>
  )
}

function Counts({ view }: { view: { rows: readonly Row[]; seen: number; skipped: number } }) {
  return (
    <span className="num cut">
      {t('events.seen', { count: view.seen })}
      {view.seen > TAIL_ROWS_MAX && ` · ${t('events.kept', { count: TAIL_ROWS_MAX })}`}
      {view.skipped > 0 && ` · ${t('events.skipped', { count: view.skipped })}`}
    </span>
  )
}

const RATE_SECONDS = 120

/** What a second of the chart is worth, from what history counted before this browser listened. */
const countedBefore = (buckets: readonly { count: number }[], second: number): number =>
  ((buckets[Math.floor((second * buckets.length) / RATE_SECONDS)]?.count ?? 0) * buckets.length) /
  RATE_SECONDS

/** Events a second over the last two minutes: as history has them, then as this browser hears them. */
function Rate({ tail, query }: { tail: Tail<Row>; query: ApiQuery }) {
  const [points, setPoints] = useState<{ times: number[]; values: (number | null)[] }>(() => ({
    times: Array.from(
      { length: RATE_SECONDS },
      (_, at) => Math.floor(Date.now() / 1_000) - RATE_SECONDS + at,
    ),
    values: Array.from({ length: RATE_SECONDS }, () => null),
  }))
  const [begun] = useState(() => ({
    local_s: Math.floor(Date.now() / 1_000),
    from: new Date(serverNow() - RATE_SECONDS * 1_000).toISOString(),
    to: new Date(serverNow()).toISOString(),
  }))
  const { from, to } = begun
  const counted = useReading<{ buckets: { count: number }[] }>('/v1/events/histogram', {
    ...query,
    from,
    to,
    buckets: RATE_SECONDS / 4,
  }).data
  useEffect(() => {
    if (!counted) return
    setPoints((was) => ({
      times: was.times,
      values: was.values.map((value, at) => {
        const second = was.times[at]! - begun.local_s + RATE_SECONDS
        const isBefore = second >= 0 && second < RATE_SECONDS
        return value ?? (isBefore ? countedBefore(counted.buckets, second) : null)
      }),
    }))
  }, [counted, begun])
  const before = useRef<{ seen: number; at: number }>(undefined)
  const read = useCallback(() => {
    const { seen } = tail.view.get()
    const at = performance.now()
    const last = before.current
    before.current = { seen, at }
    if (!last || seen < last.seen) return
    const rate = ((seen - last.seen) * 1_000) / (at - last.at)
    setPoints((was) => ({
      times: [...was.times.slice(1), Date.now() / 1_000],
      values: [...was.values.slice(1), rate],
    }))
  }, [tail])
  useEffect(() => {
    before.current = undefined
    const timer = setInterval(read, 1_000)
    return () => clearInterval(timer)
  }, [read])
  const zone = useDirectory().zoneOf(undefined)
  const heard = points.values.filter((value) => value !== null)
  const mean =
    heard.slice(-10).reduce((sum, value) => sum + value, 0) / Math.max(1, heard.slice(-10).length)
  const rate = mean < 10 ? mean.toFixed(1) : count(Math.round(mean))
  const label = t('events.rate', { rate: heard.length > 0 ? rate : '–' })
  return (
    <>
      <div className={css.stripNote}>
        <strong className="num">{label}</strong> {t('events.rate_span')}
      </div>
      <Plot
        kind="line"
        times={points.times}
        values={points.values}
        height={74}
        label={label}
        zone={zone}
      />
    </>
  )
}
