import { useMediaQuery } from '@mantine/hooks'
import { IconDoor, IconNetwork } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useCallback, useEffect, useRef, type MouseEvent } from 'react'
import { describe, placeOf, siteOf, whereInWords, worldOf } from '../../event/describe'
import { useDirectory, type Directory } from '../../org/organisation'
import { count, t } from '../../text'
import { serverNow } from '../../time/clock'
import { shortTime, zoneName } from '../../time/format'
import { whoOf, type Column } from './columns'
import { KEY_NAMES, type Key } from './filter'
import type { Row } from './live'
import css from './events.module.css'

interface Props {
  rows: readonly Row[]
  columns: readonly Column[]
  chosen: string | undefined
  onChoose: (key: string | undefined) => void
  onPivot: (key: Key, value: string) => void
  /** The far end came into sight. */
  onEnd?: () => void
  /** The reader left the top: a live list should stand still. */
  onScrolled?: (isAtTop: boolean) => void
  /** Rows run by: what is drawn is filled anew instead of being made anew. */
  isRunning?: boolean
}

const ROW_PX = 32
const ROW_NARROW_PX = 54
export const NARROW = '(max-width: 720px)'

/** Events as a grid of which only what is in sight exists. */
export function EventTable(props: Props) {
  const { rows, columns, chosen, onChoose, onPivot, onEnd, onScrolled, isRunning } = props
  const directory = useDirectory()
  const isNarrow = useMediaQuery(NARROW, undefined, { getInitialValueInEffect: false }) ?? false
  const box = useRef<HTMLDivElement>(null)
  const height = isNarrow ? ROW_NARROW_PX : ROW_PX
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 6,
  })
  useEffect(() => list.measure(), [height, list])
  const at = chosen === undefined ? -1 : rows.findIndex((row) => row.key === chosen)
  useEffect(() => {
    if (at >= 0) list.scrollToIndex(at, { align: 'auto' })
  }, [chosen]) // eslint-disable-line
  const last = list.getVirtualItems().at(-1)?.index ?? 0
  useEffect(() => {
    if (last >= rows.length - 20) onEnd?.()
  }, [last, rows.length, onEnd])
  const click = useCallback(
    (event: MouseEvent<HTMLDivElement>) => {
      const target = event.target as HTMLElement
      const pivot = target.closest<HTMLElement>('[data-pivot]')
      if (pivot) {
        const key = pivot.dataset.pivot as Key
        if (KEY_NAMES.includes(key)) onPivot(key, pivot.dataset.value ?? '')
        return
      }
      onChoose(target.closest<HTMLElement>('[data-row]')?.dataset.row)
    },
    [onChoose, onPivot],
  )
  const width = isNarrow ? undefined : widthOf(columns)
  const tracks = isNarrow ? 'minmax(0, 1fr)' : columns.map((column) => column.track).join(' ')
  return (
    <div
      ref={box}
      className={css.grid}
      role="grid"
      aria-label={t('events.table')}
      tabIndex={0}
      aria-rowcount={rows.length + 1}
      aria-colcount={isNarrow ? 1 : columns.length}
      aria-activedescendant={at >= 0 ? `event-${chosen}` : undefined}
      onClick={click}
      onScroll={onScrolled && ((event) => onScrolled(event.currentTarget.scrollTop < ROW_PX))}
    >
      <div
        role="rowgroup"
        className={css.gridHead}
        data-narrow={isNarrow || undefined}
        style={{ minWidth: width }}
      >
        <div role="row" className={css.gridRow} style={{ gridTemplateColumns: tracks }}>
          {isNarrow ? (
            <span role="columnheader" className="hush">
              {t('events.title')}
            </span>
          ) : (
            columns.map((column) => (
              <span role="columnheader" key={column.id} className="cut">
                {t(column.label)}
              </span>
            ))
          )}
        </div>
      </div>
      <div
        role="rowgroup"
        className={css.gridBody}
        style={{ height: list.getTotalSize(), minWidth: width }}
      >
        {list.getVirtualItems().map((virtual) => {
          const row = rows[virtual.index]!
          const place = {
            row,
            top: virtual.start,
            index: virtual.index,
            directory,
            isChosen: row.key === chosen,
          }
          const key = isRunning ? virtual.index : row.key
          return isNarrow ? (
            <NarrowRow key={key} {...place} />
          ) : (
            <EventRow key={key} {...place} columns={columns} tracks={tracks} />
          )
        })}
      </div>
    </div>
  )
}

const GAP_PX = 12

/** What the columns need at least, so that head and rows agree when they are scrolled. */
function widthOf(columns: readonly Column[]): number {
  const own = columns.reduce((sum, { track }) => sum + Number(/(\d+)px/.exec(track)?.[1] ?? 0), 0)
  return own + GAP_PX * (columns.length + 1)
}

interface RowProps {
  row: Row
  top: number
  index: number
  directory: Directory
  isChosen: boolean
}

/** Times as texts: many rows of a fast list share their second. */
const TIMES_MAX = 600
const times = new Map<string, string>()

function timeOf(row: Row, directory: Directory): string {
  const { event, time } = row.item
  const zone = directory.zoneOf(placeOf(event) ?? siteOf(event))
  const now = serverNow()
  const key = `${time.slice(0, 19)}|${zone}|${Math.floor(now / 60_000)}`
  let text = times.get(key)
  if (text === undefined) {
    if (times.size >= TIMES_MAX) times.clear()
    // Sites keep their own time: where that is not the organisation's, its name stands beside it.
    const name = zone === directory.zoneOf(undefined) ? '' : ` ${zoneName(time, zone)}`
    times.set(key, (text = shortTime(time, zone, now) + name))
  }
  return text
}

function World({ row }: { row: Row }) {
  const world = worldOf(row.item.event)
  const Icon = world === 'physical' ? IconDoor : IconNetwork
  return (
    <span className={css.world} data-world={world}>
      <Icon size={14} stroke={1.9} aria-hidden />
      <span className="hush">{t(`incidents.world_${world}`)}: </span>
    </span>
  )
}

const EventRow = memo(function EventRow({
  row,
  top,
  index,
  directory,
  isChosen,
  columns,
  tracks,
}: RowProps & { columns: readonly Column[]; tracks: string }) {
  return (
    <div
      role="row"
      id={`event-${row.key}`}
      data-row={row.key}
      aria-rowindex={index + 2}
      aria-selected={isChosen}
      className={css.gridRow}
      style={{ gridTemplateColumns: tracks, transform: `translateY(${top}px)` }}
    >
      {columns.map((column) => {
        if (column.id === 'time') {
          return (
            <span role="gridcell" key="time" className="num dim cut">
              {timeOf(row, directory)}
            </span>
          )
        }
        const cell = column.read?.(row.item, directory)
        return (
          <span
            role="gridcell"
            key={column.id}
            title={cell?.text.slice(0, 600)}
            className={`cut ${column.isMono ? 'mono' : ''}`}
          >
            {column.id === 'what' && <World row={row} />}
            {cell?.pivot ? (
              <bdi className={css.pivot} data-pivot={cell.pivot[0]} data-value={cell.pivot[1]}>
                {cell.text.slice(0, 300)}
              </bdi>
            ) : (
              <bdi>{cell?.text.slice(0, 300) ?? ''}</bdi>
            )}
          </span>
        )
      })}
    </div>
  )
})

const NarrowRow = memo(function NarrowRow({ row, top, index, directory, isChosen }: RowProps) {
  const { event } = row.item
  const who = whoOf(event)
  const where = whereInWords(event, directory.nameOf)
  const rest = [who && directory.nameOf(`person:${who}`), where].filter(Boolean)
  return (
    <div
      role="row"
      id={`event-${row.key}`}
      data-row={row.key}
      aria-rowindex={index + 2}
      aria-selected={isChosen}
      className={css.gridRow}
      data-narrow
      style={{ transform: `translateY(${top}px)` }}
    >
      <span role="gridcell" className={css.narrow}>
        <span className={css.narrowTop}>
          <World row={row} />
          <bdi className="cut">{describe(event).slice(0, 300)}</bdi>
          <span className="num faint">{timeOf(row, directory)}</span>
        </span>
        <bdi className="cut faint">{rest.join(' · ').slice(0, 300)}</bdi>
      </span>
    </div>
  )
})

/** How many events are in how many rows: a badge read and its sign-in are two events and one row. */
export function shownCount(rows: number, events: number, hasMore: boolean): string {
  const told = t(hasMore ? 'events.loaded_more' : 'events.loaded', {
    count: events,
    number: count(events),
  })
  return events > rows ? `${told} · ${t('events.in_rows', { rows, count: events - rows })}` : told
}
