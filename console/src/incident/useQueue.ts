/** The queue as a page shows it: filtered, ordered, held still under the cursor, grouped in a flood. */
import { useCallback, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type { Incident } from '../api/types'
import { incidents } from '../live/incidents'
import { useExternal } from '../live/external'
import { useDirectory } from '../org/organisation'
import { ticking } from '../time/clock'
import type { UrlState } from '../url'
import { isOfferedTo, matches, readFilter } from './filter'
import { idsOf, isFlood, movesAny, rowsOf, type GroupMode, type Row } from './flood'
import type { Cursor } from './IncidentList'
import { useMe } from './useMe'
import { advance, byUrgency, type Hold, NO_QUEUE, offeredFirst, type Queue } from './queue'

export interface QueueView {
  rows: readonly Row[]
  byId: ReadonlyMap<string, Incident>
  /** Wait to be let in. */
  arrived: readonly string[]
  /** New ones that stand below all others until they may take their place. */
  aside: number
  /** Shown still, though they no longer belong. */
  gone: number
  letIn: () => void
  toggleGroup: (key: string) => void
  isGrouped: boolean
  isLoaded: boolean
  isCut: boolean
  problem: unknown
  /** All that are open, whatever the filter. */
  openCount: number
  snoozed: number
}

/** Flood is looked at as often as this. */
const FLOOD_EVERY_MS = 10_000

const subscribeTo = (cursor: Cursor) => (listener: () => void) => {
  const stops = [cursor.at.subscribe(listener), cursor.pointed.subscribe(listener)]
  return () => stops.forEach((stop) => stop())
}

export function useQueue(
  url: UrlState,
  cursor: Cursor,
  extra: readonly Incident[] = [],
): QueueView {
  const table = useExternal(incidents)
  const subscribe = useMemo(() => subscribeTo(cursor), [cursor])
  // Only whether rows are held, not which: a key press must not render the page again.
  const isHeld = useSyncExternalStore(subscribe, () => cursor.held().length > 0)
  const me = useMe()
  const directory = useDirectory()
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const [asked, setAsked] = useState(0)
  const filterKey = [url.state, url.level, url.owner, url.site, url.entity, url.rule, url.q].join(
    '|',
  )
  const filter = useMemo(() => readFilter(url), [filterKey])
  const byId = useMemo(() => {
    if (extra.length === 0) return table.byId
    const all = new Map(extra.map((incident) => [incident.id, incident]))
    for (const [id, incident] of table.byId) all.set(id, incident)
    return all
  }, [table.byId, extra])
  const wanted = useMemo(
    () => [...byId.values()].filter((incident) => matches(incident, filter, me, directory.nameOf)),
    [byId, filter, me, directory],
  )

  const now = Math.floor(useExternal(ticking) / FLOOD_EVERY_MS)
  const mode = (url.group ?? 'auto') as GroupMode
  const isGrouped = mode === 'on' || (mode === 'auto' && isFlood(wanted, now * FLOOD_EVERY_MS))
  const held = useRef<{ queue: Queue; key: string }>({ queue: NO_QUEUE, key: '' })
  const queue = useMemo(() => {
    const key = `${filterKey}#${asked}#${table.isLoaded}#${extra.length}`
    const by = filter.owner === 'me' ? offeredFirst((one) => isOfferedTo(one, me)) : byUrgency
    const before = held.current.queue
    const rowsIn = (order: readonly string[]) => rowsOf(order, byId, isGrouped, opened)
    const under = held.current.key === key ? cursor.held() : []
    let next: Queue
    if (under.length === 0) next = advance(before, wanted, undefined, by)
    else {
      const rows = rowsIn(before.order)
      const room = cursor.roomFor - rows.length
      const hold: Hold = { rows: under.flatMap((one) => idsOf(one, rows)), room }
      next = advance(before, wanted, hold, by)
      // What joins a group may move rows that stand above it: then all that is new waits.
      if (isGrouped && movesAny(under, rows, rowsIn(next.order)))
        next = advance(before, wanted, { rows: before.order.slice(-1), room: 0 }, by)
    }
    held.current = { queue: next, key }
    return next
  }, [wanted, isHeld, filterKey, asked, table.isLoaded, extra.length])

  const rows = useMemo(
    () => rowsOf(queue.order, byId, isGrouped, opened),
    [queue.order, byId, isGrouped, opened],
  )
  const gone = useMemo(() => {
    const belong = new Set(wanted.map((incident) => incident.id))
    return queue.order.filter((id) => !belong.has(id)).length
  }, [queue.order, wanted])
  const counts = useMemo(() => {
    const open = [...table.byId.values()].filter(
      (i) => i.state !== 'resolved' && i.state !== 'closed',
    )
    return { openCount: open.length, snoozed: open.filter((i) => i.handling?.snooze).length }
  }, [table.byId])

  const letIn = useCallback(() => setAsked((n) => n + 1), [])
  const toggleGroup = useCallback(
    (key: string) =>
      setOpened((before) => {
        const next = new Set(before)
        if (!next.delete(key)) next.add(key)
        return next
      }),
    [],
  )
  return {
    rows,
    byId,
    arrived: queue.arrived,
    aside: queue.aside.length,
    gone,
    letIn,
    toggleGroup,
    isGrouped,
    ...counts,
    isLoaded: table.isLoaded,
    isCut: table.isCut,
    problem: table.problem,
  }
}
