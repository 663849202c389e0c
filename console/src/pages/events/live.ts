/** The live tail: texts as they came, read only when they are looked at or filtered. */
import { useCallback, useRef, useSyncExternalStore } from 'react'
import type { EventItem, OcsfEvent } from '../../api/types'
import { at, eventKey, withoutEchoes } from '../../event/describe'
import type { External } from '../../live/external'
import { Tail } from '../../live/tail'
import type { ApiQuery } from './filter'

/** How many events of the tail are kept. */
export const TAIL_ROWS_MAX = 5_000

/** The live stream tells the event alone; its number and time are in it. */
function itemOf(raw: string): EventItem {
  const event = JSON.parse(raw) as OcsfEvent
  const ms = Number(event.time)
  const time = Number.isNaN(ms) ? '' : new Date(ms).toISOString()
  return {
    event,
    time,
    received_at: time,
    record: Number(at(event, 'castellan.record')),
    part: Number(at(event, 'castellan.part') ?? 0),
  }
}

/** An event as a row: read from its text when first needed. */
export class Row {
  private read: EventItem | undefined
  /** The stream does not say when an event was received; an answer of the API does. */
  readonly isWhole: boolean
  constructor(
    private readonly raw: string | undefined,
    item?: EventItem,
  ) {
    this.read = item
    this.isWhole = item !== undefined
  }

  get item(): EventItem {
    this.read ??= itemOf(this.raw!)
    return this.read
  }

  get key(): string {
    return eventKey(this.item)
  }
}

/** While the tail is short, what came before it stands below it. */
const HISTORY_ROWS_MAX = 200

export function withHistory(rows: readonly Row[], history: readonly Row[]): readonly Row[] {
  if (rows.length >= HISTORY_ROWS_MAX || history.length === 0) return rows
  const known = new Set(rows.map((row) => row.key))
  return [...rows, ...history.filter((row) => !known.has(row.key))]
}

const itemOfRow = (row: Row): EventItem => row.item

/** Whether a badge read may be one row: not where its twin alone may have been asked for. */
export const isFolding = (query: ApiQuery): boolean =>
  query.class === undefined && query.text === undefined && query.user === undefined

/** One row for one fact. */
export const folded = (rows: readonly Row[], query: ApiQuery): readonly Row[] =>
  isFolding(query) ? withoutEchoes(rows, itemOfRow) : rows

/** What the twin of a door's event holds; texts that run by are not read to know it. */
const ECHO = '"logon_type":"badge"'

/** A tail of what `keep` lets through; `keep` is asked only while there is one. */
export function tailOf(
  keep: ((item: EventItem, raw: string) => boolean) | undefined,
  isFolded = false,
): Tail<Row> {
  const parse = (raw: string): Row | undefined => {
    if (isFolded && raw.includes(ECHO)) return undefined
    const row = new Row(raw)
    try {
      return !keep || keep(row.item, raw) ? row : undefined
    } catch {
      return undefined
    }
  }
  return new Tail('/v1/live?kind=events', 'event', parse, TAIL_ROWS_MAX)
}

/** A store's value, renewed at most once in `every_ms`: faster than that nobody reads. */
export function useSampled<T>(store: External<T>, every_ms: number): T {
  const shown = useRef<{ store: External<T>; value: T }>({ store, value: store.get() })
  if (shown.current.store !== store) shown.current = { store, value: store.get() }
  const subscribe = useCallback(
    (tell: () => void) => {
      let timer: ReturnType<typeof setTimeout> | undefined
      const stop = store.subscribe(() => {
        timer ??= setTimeout(() => {
          timer = undefined
          shown.current = { store, value: store.get() }
          tell()
        }, every_ms)
      })
      return () => {
        clearTimeout(timer)
        stop()
      }
    },
    [store, every_ms],
  )
  const read = useCallback(() => shown.current.value, [])
  return useSyncExternalStore(subscribe, read, read)
}
