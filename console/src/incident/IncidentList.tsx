import { useElementSize, useMergedRef } from '@mantine/hooks'
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useMemo, useRef } from 'react'
import type { Incident } from '../api/types'
import { External, useExternal } from '../live/external'
import { t } from '../text'
import { isOfferedTo } from './filter'
import { type Row, rowKey } from './flood'
import { GroupRow, IncidentRow } from './IncidentRow'
import css from './list.module.css'
import { useMe } from './useMe'

/** The row under the cursor, and the rows that are ticked; outside React, so that keys are quick. */
export class Cursor {
  /** Set it by `place` or `look`, which say by whom. */
  readonly at = new External<string | undefined>(undefined)
  readonly ticked = new External<ReadonlySet<string>>(new Set())
  /** The row that the mouse is on: it must not move away under a click. */
  readonly pointed = new External<string | undefined>(undefined)
  /** Rows that the view has room for, of which there may be fewer. */
  roomFor = 0
  private isPlaced = false

  /** An operator's hand has put the cursor on a row: from now on it stays where it is. */
  place(key: string): void {
    this.isPlaced = true
    this.at.set(key)
  }

  /** The cursor follows what is shown; nobody minds where its row stands. */
  look(key: string | undefined): void {
    this.isPlaced = false
    this.at.set(key)
  }

  /** The rows that may not move. */
  held(): string[] {
    return [this.isPlaced ? this.at.get() : undefined, this.pointed.get()].filter(
      (key) => key !== undefined,
    )
  }

  toggle(ids: readonly string[]): void {
    const next = new Set(this.ticked.get())
    const areAll = ids.every((id) => next.has(id))
    for (const id of ids)
      if (areAll) next.delete(id)
      else next.add(id)
    this.ticked.set(next)
  }

  untick(): void {
    if (this.ticked.get().size > 0) this.ticked.set(new Set())
  }
}

interface Props {
  label: string
  rows: readonly Row[]
  byId: ReadonlyMap<string, Incident>
  cursor: Cursor
  isWide: boolean
  onOpen: (row: Row) => void
  onMore?: () => void
}

const ROW_PX = 32
/** Of two lines: where one would cut every title. */
const TALL_ROW_PX = 46
const TOUCH_ROW_PX = 56
const NARROW_PX = 560
/** From here on there is room for what was found, beside its title. */
const ROOMY_PX = 760

const isTouch = (): boolean => matchMedia('(max-width: 720px), (pointer: coarse)').matches

/** Incidents as a list of rows: only those in view exist. */
export const IncidentList = memo(function IncidentList(props: Props) {
  const { label, rows, byId, cursor, isWide, onOpen, onMore } = props
  const me = useMe()
  const box = useRef<HTMLDivElement>(null)
  const current = useExternal(cursor.at)
  const ticked = useExternal(cursor.ticked)
  const { ref: sized, width, height: inside } = useElementSize()
  const ref = useMergedRef(box, sized)
  const isTall = !isWide && width < NARROW_PX
  const isRoomy = isWide || width >= ROOMY_PX
  const height = isTouch() ? TOUCH_ROW_PX : isTall ? TALL_ROW_PX : ROW_PX
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 12,
    getItemKey: (index) => (rows[index] ? rowKey(rows[index]) : index),
  })
  useEffect(() => virtual.measure(), [height, virtual])
  useEffect(() => {
    cursor.roomFor = Math.floor(inside / height)
  }, [cursor, inside, height])
  useEffect(() => () => cursor.pointed.set(undefined), [cursor])
  const places = useMemo(() => new Map(rows.map((row, i) => [rowKey(row), i])), [rows])
  const index = current === undefined ? -1 : (places.get(current) ?? -1)
  useEffect(() => {
    if (index >= 0) virtual.scrollToIndex(index, { align: 'auto' })
    // Only when the cursor moves, not when rows come and go around it.
  }, [current])
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (onMore && rows.length > 0 && last >= rows.length - 10) onMore()
  }, [last, rows.length, onMore])
  return (
    <div
      ref={ref}
      className={css.list}
      data-tall={isTall || undefined}
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-activedescendant={index >= 0 ? domId(rows[index]!) : undefined}
      onPointerLeave={() => cursor.pointed.set(undefined)}
    >
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
        {items.map((item) => {
          const row = rows[item.index]
          if (!row) return null
          const incident = row.kind === 'incident' ? byId.get(row.id) : undefined
          const key = rowKey(row)
          const isCurrent = key === current
          const choose = (event: React.MouseEvent) => {
            cursor.place(key)
            if (event.ctrlKey || event.metaKey || event.shiftKey) {
              cursor.toggle(row.kind === 'group' ? row.ids : [row.id])
            } else onOpen(row)
          }
          return (
            <div
              key={key}
              id={domId(row)}
              role="option"
              aria-selected={isCurrent}
              className={css.slot}
              aria-setsize={rows.length}
              aria-posinset={item.index + 1}
              style={{ height, transform: `translateY(${item.start}px)` }}
              onClick={choose}
              onPointerEnter={(event) => {
                if (event.pointerType === 'mouse') cursor.pointed.set(key)
              }}
            >
              {row.kind === 'group' ? (
                <GroupRow
                  row={row}
                  byId={byId}
                  isCurrent={isCurrent}
                  isWide={isWide}
                  isRoomy={isRoomy}
                />
              ) : (
                incident && (
                  <IncidentRow
                    incident={incident}
                    isCurrent={isCurrent}
                    isTicked={ticked.has(row.id)}
                    isChild={row.isChild}
                    isWide={isWide}
                    isRoomy={isRoomy}
                    isOffered={isOfferedTo(incident, me)}
                    me={me.operator}
                  />
                )
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
})

const domId = (row: Row): string => `row-${rowKey(row).replace(/[^\w-]/g, '_')}`

/** "3 new · 1 done", with the critical ones named; a click or `n` brings the queue up to date. */
export function Arrivals({
  ids,
  aside,
  gone,
  byId,
  letIn,
}: {
  ids: readonly string[]
  /** How many stand below all others until they take their place. */
  aside: number
  gone: number
  byId: ReadonlyMap<string, Incident>
  letIn: () => void
}) {
  if (ids.length === 0 && gone === 0 && aside === 0) return null
  const critical = ids.filter((id) => byId.get(id)?.level === 'critical').length
  const parts = [
    critical > 0 && t('incidents.arrived_critical', { count: critical }),
    ids.length > critical && t('incidents.arrived', { count: ids.length - critical }),
    aside > 0 && t('incidents.aside', { count: aside }),
    gone > 0 && t('incidents.gone', { count: gone }),
  ].filter(Boolean)
  const act = ids.length > 0 ? 'let_in' : aside > 0 ? 'sort' : 'tidy'
  return (
    <button
      type="button"
      className={css.arrivals}
      data-critical={critical > 0 || undefined}
      onClick={letIn}
    >
      <strong className="num">{parts.join(' · ')}</strong>
      <span> · {t(`incidents.${act}`)} (n)</span>
    </button>
  )
}
