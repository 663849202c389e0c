/** The columns that the events table can show, and what of a value one can pivot on. */
import type { EventItem, OcsfEvent } from '../../api/types'
import { assetOf, at, describe, personOf, whereInWords, whereOf } from '../../event/describe'
import type { Directory } from '../../org/organisation'
import type { TextKey } from '../../text'
import { CLASSES, type Key } from './filter'

export interface Cell {
  text: string
  pivot?: readonly [key: Key, value: string]
}

export interface Column {
  id: string
  label: TextKey
  /** A track of a CSS grid. */
  track: string
  isMono?: boolean
  /** Absent: drawn by the row itself. */
  read?: (item: EventItem, directory: Directory) => Cell | undefined
}

export const textOf = (event: OcsfEvent, ...paths: string[]): string | undefined => {
  for (const path of paths) {
    const value = at(event, path)
    if (typeof value === 'string' && value !== '') return value
    if (typeof value === 'number') return String(value)
  }
  return undefined
}

const cell = (text: string | undefined, key?: Key, value = text): Cell | undefined =>
  text === undefined ? undefined : { text, pivot: key && value ? [key, value] : undefined }

const classWords = new Map(Object.entries(CLASSES).map(([word, uid]) => [uid, word]))
export const classWord = (uid: number): string => classWords.get(uid) ?? String(uid)

export const whoOf = (event: OcsfEvent): string | undefined =>
  personOf(event) ?? textOf(event, 'castellan.src.owner.id')

export const columns: readonly Column[] = [
  { id: 'time', label: 'events.col_time', track: '136px' },
  {
    id: 'what',
    label: 'events.col_what',
    track: 'minmax(220px, 2.4fr)',
    read: ({ event }) => cell(describe(event)),
  },
  {
    id: 'who',
    label: 'events.col_who',
    track: 'minmax(120px, 1fr)',
    read: ({ event }, directory) => {
      const id = whoOf(event)
      return id === undefined ? undefined : cell(directory.nameOf(`person:${id}`), 'person', id)
    },
  },
  {
    id: 'where',
    label: 'events.col_where',
    track: 'minmax(130px, 1.1fr)',
    read: ({ event }, directory) => {
      const { place } = whereOf(event)
      const text = whereInWords(event, directory.nameOf) || undefined
      return place === undefined ? cell(text) : cell(text, 'place', place)
    },
  },
  {
    id: 'thing',
    label: 'events.col_thing',
    track: 'minmax(120px, 1fr)',
    read: ({ event }, directory) => {
      const id = assetOf(event)
      return id === undefined ? undefined : cell(directory.nameOf(`asset:${id}`), 'host', id)
    },
  },
  {
    id: 'source',
    label: 'events.col_source',
    track: 'minmax(84px, 0.6fr)',
    read: ({ event }) => cell(textOf(event, 'castellan.source'), 'source'),
  },
  {
    id: 'class',
    label: 'events.col_class',
    track: '96px',
    read: ({ event }) => {
      const word = classWord(Number(at(event, 'class_uid')))
      return cell(word, 'class', word)
    },
  },
  {
    id: 'from',
    label: 'events.col_from',
    track: '132px',
    isMono: true,
    read: ({ event }) => cell(textOf(event, 'src_endpoint.ip'), 'ip'),
  },
  {
    id: 'to',
    label: 'events.col_to',
    track: '132px',
    isMono: true,
    read: ({ event }) => cell(textOf(event, 'dst_endpoint.ip'), 'ip'),
  },
  {
    id: 'user',
    label: 'events.col_user',
    track: 'minmax(120px, 0.9fr)',
    read: ({ event }) =>
      cell(textOf(event, 'user.name', 'user.email_addr', 'actor.user.name'), 'user'),
  },
  {
    id: 'badge',
    label: 'events.col_badge',
    track: '96px',
    isMono: true,
    read: ({ event }) => cell(textOf(event, 'castellan.credential.id', 'credential.uid'), 'badge'),
  },
  {
    id: 'product',
    label: 'events.col_product',
    track: 'minmax(120px, 0.8fr)',
    read: ({ event }) => cell(textOf(event, 'metadata.product.name')),
  },
  {
    id: 'record',
    label: 'events.col_record',
    track: '84px',
    isMono: true,
    read: ({ record, part }) => cell(`${record}.${part}`),
  },
]

export const COLUMNS_AT_FIRST = 'time,what,who,where,thing,source'

/** The columns of an address; unknown names are passed over, and never none. */
export function columnsOf(text: string | undefined): Column[] {
  const wanted = (text ?? COLUMNS_AT_FIRST).split(',')
  const found = wanted
    .map((id) => columns.find((column) => column.id === id))
    .filter((column) => column !== undefined)
  return found.length > 0 ? found : columnsOf(undefined)
}

/** The same columns with one more or one fewer, in their own order. */
export function toggled(shown: readonly Column[], id: string): string {
  const ids = new Set(shown.map((column) => column.id))
  if (!ids.delete(id)) ids.add(id)
  return columns
    .filter((column) => ids.has(column.id))
    .map((column) => column.id)
    .join(',')
}

const PIVOTS: readonly [ending: RegExp, key: Key][] = [
  [/^castellan\.person$|\.owner\.id$/, 'person'],
  [/^castellan\.place\.(id|zone)$|^castellan\.\w+\.(place|zone)$/, 'place'],
  [/^castellan\.\w+\.asset$/, 'host'],
  [/(^|\.)ip$/, 'ip'],
  [/^castellan\.source$/, 'source'],
  [/(^|\.)user\.(name|email_addr)$/, 'user'],
  [/credential\.(id|uid)$|credential_uid$/, 'badge'],
  [/(^|\.)site$/, 'site'],
  [/^class_uid$/, 'class'],
]

/** By which key one can look for a value found at a path; free text for other texts. */
export function pivotOf(
  path: string,
  value: unknown,
): readonly [Key | undefined, string] | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const key = PIVOTS.find(([ending]) => ending.test(path))?.[1]
  if (key) return [key, key === 'class' ? classWord(Number(value)) : String(value)]
  return typeof value === 'string' && value.length >= 3 && value.length <= 200
    ? [undefined, value]
    : undefined
}
