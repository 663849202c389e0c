/** When more comes than anybody can read, one row stands for all that share a cause. */
import type { Incident, Level } from '../api/types'
import { FLOOD_MIN, SLOT_MS } from '../shell/rate'
import { msOf } from '../time/format'
import { gravity } from '../ui/gravity'

export type GroupMode = 'auto' | 'on' | 'off'

export type Row =
  | { kind: 'incident'; id: string; isChild: boolean }
  | { kind: 'group'; key: string; ids: readonly string[]; level: Level; isOpen: boolean }

/** Fewer than these are shown one by one. */
const GROUP_MIN = 3

/** What brought it about: the same rule's words at the same site. */
export const causeOf = (incident: Incident): string => `${incident.site ?? ''}|${incident.title}`

/** Whether incidents open faster than one person can answer. */
export function isFlood(list: readonly { opened_at: string }[], now: number): boolean {
  let recent = 0
  for (const { opened_at } of list) if (now - msOf(opened_at) < SLOT_MS) recent += 1
  return recent >= FLOOD_MIN
}

/**
 * Rows for an order of incidents. A group stands where its first member stood, so that grouping
 * keeps the order of urgency; its members follow when it is open.
 */
export function rowsOf(
  order: readonly string[],
  byId: ReadonlyMap<string, Incident>,
  isGrouped: boolean,
  opened: ReadonlySet<string>,
): Row[] {
  if (!isGrouped) return order.map((id) => ({ kind: 'incident', id, isChild: false }))
  const causes = new Map<string, string[]>()
  for (const id of order) {
    const incident = byId.get(id)
    if (!incident) continue
    const cause = causeOf(incident)
    causes.set(cause, [...(causes.get(cause) ?? []), id])
  }
  const rows: Row[] = []
  const done = new Set<string>()
  for (const id of order) {
    const incident = byId.get(id)
    if (!incident || done.has(id)) continue
    const key = causeOf(incident)
    const ids = causes.get(key) ?? [id]
    if (ids.length < GROUP_MIN) {
      rows.push({ kind: 'incident', id, isChild: false })
      continue
    }
    for (const member of ids) done.add(member)
    rows.push({ kind: 'group', key, ids, level: gravest(ids, byId), isOpen: opened.has(key) })
    if (opened.has(key))
      for (const member of ids) rows.push({ kind: 'incident', id: member, isChild: true })
  }
  return rows
}

export const rowKey = (row: Row): string => (row.kind === 'group' ? `group:${row.key}` : row.id)

/** The incidents behind a row's key; none where the list has no such row. */
export function idsOf(key: string, rows: readonly Row[]): readonly string[] {
  const row = rows.find((one) => rowKey(one) === key)
  if (row) return row.kind === 'group' ? row.ids : [row.id]
  const group = rows.find((one) => one.kind === 'group' && one.ids.includes(key))
  return group ? [key] : []
}

/** Whether any of these rows would stand elsewhere. */
export function movesAny(keys: readonly string[], before: readonly Row[], after: readonly Row[]) {
  const placeIn = (rows: readonly Row[], key: string) => rows.findIndex((r) => rowKey(r) === key)
  return keys.some((key) => {
    const place = placeIn(before, key)
    return place >= 0 && placeIn(after, key) !== place
  })
}

function gravest(ids: readonly string[], byId: ReadonlyMap<string, Incident>): Level {
  let found: Level = 'informational'
  for (const id of ids) {
    const level = byId.get(id)?.level
    if (level && gravity(level) < gravity(found)) found = level
  }
  return found
}
