/** The occurrence log: what people on duty wrote down, never changed, corrected by new entries. */
import { call, get } from '../api/client'
import { momentOf, wallOf } from '../time/zoned'
import type { UrlState } from '../url'

export const KINDS = [
  'note',
  'patrol',
  'visitor',
  'delivery',
  'keys',
  'fault',
  'medical',
  'test',
  'other',
] as const
export type Kind = (typeof KINDS)[number]

export interface Occurrence {
  id: string
  /** Its place in the log, from 1, without gaps. */
  number?: number
  at: string
  recorded_at: string
  by: string
  site?: string | null
  place?: string | null
  kind: Kind
  text: string
  incident?: string | null
  corrects?: string | null
}

export interface OccurrencePage {
  occurrences: Occurrence[]
  next?: string | null
}

export const TEXT_CHARS_MAX = 4_000
const PAGE = 100

/** What is asked of the log: the periods that can be chosen, in hours; nothing means all. */
export const PERIODS_H = ['12', '24', '168', '720'] as const

export interface LogFilter {
  site?: string
  kind?: string
  hours?: string
}

export const readLogFilter = (url: UrlState): LogFilter => ({
  site: url.site,
  kind: (KINDS as readonly string[]).includes(url.kind ?? '') ? url.kind : undefined,
  hours: (PERIODS_H as readonly string[]).includes(url.hours ?? '') ? url.hours : undefined,
})

export function readPage(
  filter: LogFilter,
  after: string | undefined,
  now: number,
  signal: AbortSignal,
): Promise<OccurrencePage> {
  const from = filter.hours
    ? new Date(now - Number(filter.hours) * 3_600_000).toISOString()
    : undefined
  return get('/v1/occurrences', { site: filter.site, from, limit: PAGE, after }, signal)
}

/** What is being written. `key` stays as long as the words do: sent again, they are not doubled. */
export interface Draft {
  key: string
  kind: Kind
  place: string | null
  /** The site's wall clock; empty means now. */
  wall: string
  /** To the second, of what is corrected; counts while `wall` says the same minute. */
  exact?: string
  text: string
  corrects?: string
  incident?: string
}

const KEPT = 'castellan.draft.occurrence'
export const freshDraft = (): Draft => ({
  key: crypto.randomUUID(),
  kind: 'note',
  place: null,
  wall: '',
  text: '',
})

/** The draft outlives a lost link, an ended session, a reload and the window. */
export function keptDraft(): Draft {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Partial<Draft>
    return { ...freshDraft(), ...kept }
  } catch {
    return freshDraft()
  }
}

export function keepDraft(draft: Draft | undefined): void {
  if (draft) localStorage.setItem(KEPT, JSON.stringify(draft))
  else localStorage.removeItem(KEPT)
}

/** When it happened, as the draft says; undefined for now. */
export function momentOfDraft(draft: Pick<Draft, 'wall' | 'exact'>, zone: string) {
  if (!draft.wall) return undefined
  const exact = draft.exact ? Date.parse(draft.exact) : Number.NaN
  const isSame = !Number.isNaN(exact) && wallOf(exact, zone) === draft.wall
  return isSame ? exact : momentOf(draft.wall, zone)
}

export interface NewOccurrence {
  at?: string
  site?: string
  place?: string
  kind: Kind
  text: string
  incident?: string
  corrects?: string
}

export const write = (json: NewOccurrence, key: string): Promise<Occurrence> =>
  call('POST', '/v1/occurrences', { json, headers: { 'Idempotency-Key': key } })

/** Which entry corrects which: the newest correction counts. */
export function corrections(list: readonly Occurrence[]): ReadonlyMap<string, Occurrence> {
  const found = new Map<string, Occurrence>()
  for (const entry of list) {
    if (!entry.corrects) continue
    const before = found.get(entry.corrects)
    if (!before || before.recorded_at < entry.recorded_at) found.set(entry.corrects, entry)
  }
  return found
}

export interface Day {
  day: string
  entries: Occurrence[]
}

/** The log by days of each entry's own site, the newest first. */
export function byDay(
  list: readonly Occurrence[],
  dayOfEntry: (entry: Occurrence) => string,
): Day[] {
  const days: Day[] = []
  const sorted = [...list].sort(
    (a, b) => Date.parse(b.at) - Date.parse(a.at) || (a.recorded_at < b.recorded_at ? 1 : -1),
  )
  for (const entry of sorted) {
    const day = dayOfEntry(entry)
    const open = days.find((one) => one.day === day)
    if (open) open.entries.push(entry)
    else days.push({ day, entries: [entry] })
  }
  return days
}
