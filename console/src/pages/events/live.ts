/** The live tail: texts as they came, read only when they are looked at or filtered. */
import { useCallback, useRef, useSyncExternalStore } from 'react'
import type { EventItem } from '../../api/types'
import type { External } from '../../live/external'
import { Tail } from '../../live/tail'

/** How many events of the tail are kept. */
export const TAIL_ROWS_MAX = 5_000

/** An event as a row: read from its text when first needed. */
export class Row {
  private read: EventItem | undefined
  constructor(private readonly raw: string | undefined, item?: EventItem) {
    this.read = item
  }

  get item(): EventItem {
    this.read ??= JSON.parse(this.raw!) as EventItem
    return this.read
  }

  get key(): string {
    return `${this.item.record}.${this.item.part}`
  }
}

/** A tail of what `keep` lets through; `keep` is asked only while there is one. */
export function tailOf(keep: ((item: EventItem, raw: string) => boolean) | undefined): Tail<Row> {
  const parse = (raw: string): Row | undefined => {
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
  const subscribe = useCallback((tell: () => void) => {
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
  }, [store, every_ms])
  const read = useCallback(() => shown.current.value, [])
  return useSyncExternalStore(subscribe, read, read)
}
