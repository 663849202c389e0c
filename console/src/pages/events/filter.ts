/**
 * The filter language of the events page: `door:hq-d-main since:2h "two words"`. Pure: text in,
 * terms and problems out; terms in, the API's query out.
 */

/** What the API can be asked for; every key of the language is one of these. */
export type Field =
  | 'person'
  | 'asset'
  | 'place'
  | 'ip'
  | 'user'
  | 'credential'
  | 'class'
  | 'source'
  | 'site'
  | 'from'
  | 'to'
  | 'text'

/** The language's keys, in the order in which completion offers them. */
export const KEYS = {
  person: 'person',
  door: 'place',
  host: 'asset',
  ip: 'ip',
  place: 'place',
  class: 'class',
  source: 'source',
  since: 'from',
  until: 'to',
  user: 'user',
  badge: 'credential',
  site: 'site',
} as const satisfies Record<string, Field>

export type Key = keyof typeof KEYS
export const KEY_NAMES = Object.keys(KEYS) as Key[]

/** Words for the OCSF classes that people ask for. */
export const CLASSES: Readonly<Record<string, number>> = {
  door: 4_230_001,
  alarm: 4_230_002,
  'alarm-handling': 4_230_003,
  patrol: 4_230_004,
  staffing: 4_230_005,
  response: 4_230_006,
  report: 4_230_007,
  logon: 3002,
  account: 3001,
  network: 4001,
  http: 4002,
  dns: 4003,
  dhcp: 4004,
  rdp: 4005,
  ssh: 4007,
  email: 4009,
  vpn: 4014,
  file: 1001,
  process: 1007,
  finding: 2004,
  api: 6003,
  other: 0,
}

export interface Term {
  /** Undefined for free text. */
  key: Key | undefined
  value: string
  /** Where it stands in the text. */
  start: number
  end: number
}

export type FaultCode =
  'no_or' | 'no_not' | 'bad_id' | 'unknown_key' | 'empty' | 'twice' | 'bad_ip' | 'bad_time' | 'bad_class' | 'order'

export interface Fault {
  code: FaultCode
  /** What was found. */
  found: string
  start: number
  end: number
}

export interface Filter {
  terms: Term[]
  faults: Fault[]
}

export const FILTER_CHARS_MAX = 4_000

const isKey = (word: string): word is Key => Object.hasOwn(KEYS, word)

/** Reads one word or quoted text from `at`; says where it ends. */
function readValue(text: string, at: number): { value: string; end: number } {
  if (text[at] !== '"') {
    let end = at
    while (end < text.length && !/\s/.test(text[end]!)) end += 1
    return { value: text.slice(at, end), end }
  }
  let value = ''
  let end = at + 1
  for (; end < text.length && text[end] !== '"'; end += 1) {
    if (text[end] === '\\' && end + 1 < text.length) end += 1
    value += text[end]
  }
  return { value, end: Math.min(end + 1, text.length) }
}

/** What other languages have and this one has not: said, not taken for words. */
function foreign(text: string, start: number): Fault | undefined {
  const { value, end } = readValue(text, start)
  if (text[start] === '"') return undefined
  const isOr = value === 'OR' || value === 'AND' || value === '||' || value === '&&'
  const hasKey = /^[(!-]*([a-z_]+):/i.exec(value)
  const isOurs = hasKey !== null && isKey(hasKey[1]!.toLowerCase())
  if (isOr || (value.startsWith('(') && (isOurs || value === '('))) {
    return { code: 'no_or', found: value, start, end }
  }
  if (value === 'NOT' || (/^[!-]/.test(value) && isOurs)) {
    return { code: 'no_not', found: value, start, end }
  }
  return undefined
}

function readTerm(text: string, start: number, faults: Fault[]): Term {
  const strange = foreign(text, start)
  if (strange) {
    faults.push(strange)
    return { key: undefined, value: '', start, end: strange.end }
  }
  const named = /^([a-z_]+):/i.exec(text.slice(start, start + 24))
  const word = named?.[1]?.toLowerCase()
  if (!named || word === undefined) {
    const { value, end } = readValue(text, start)
    return { key: undefined, value, start, end }
  }
  if (!isKey(word)) {
    const { end } = readValue(text, start + named[0].length)
    faults.push({ code: 'unknown_key', found: word, start, end })
    return { key: undefined, value: '', start, end }
  }
  const { value, end } = readValue(text, start + named[0].length)
  if (value === '') faults.push({ code: 'empty', found: word, start, end })
  return { key: word, value, start, end }
}

/** Splits a filter into its terms. Never throws; what it cannot read is a fault with its place. */
export function parse(text: string): Filter {
  const terms: Term[] = []
  const faults: Fault[] = []
  const known = text.slice(0, FILTER_CHARS_MAX)
  let at = 0
  while (at < known.length) {
    if (/\s/.test(known[at]!)) {
      at += 1
      continue
    }
    const term = readTerm(known, at, faults)
    at = Math.max(term.end, at + 1)
    if (term.value !== '') terms.push(term)
  }
  const seen = new Set<Field>()
  for (const term of terms) {
    if (!term.key) continue
    const field = KEYS[term.key]
    if (seen.has(field))
      faults.push({ code: 'twice', found: term.key, start: term.start, end: term.end })
    seen.add(field)
  }
  return { terms, faults }
}

/** Fields whose values are ids of the organisation, as it writes them. */
const IDS: readonly Field[] = ['asset', 'place', 'source', 'site']
const ID = /^[a-z0-9][a-z0-9._-]{0,127}$/

const SPAN = /^(\d{1,6})(s|m|min|h|d|w)$/
const SPAN_MS: Record<string, number> = {
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** A moment: `15m`, `2h`, `3d` before now, or a date or time; milliseconds. */
export function momentOf(value: string, now: number): number | undefined {
  const span = SPAN.exec(value)
  if (span) return now - Number(span[1]) * SPAN_MS[span[2]!]!
  if (value === 'now') return now
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(value)) {
    return undefined
  }
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? undefined : ms
}

const isIp = (value: string): boolean => {
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(value)
  if (four) return four.slice(1).every((part) => Number(part) <= 255)
  return value.includes(':') && /^[0-9a-f:.]{2,45}$/i.test(value)
}

/** The class of a word or a number. */
export function classOf(value: string): number | undefined {
  const word = value.toLowerCase()
  if (Object.hasOwn(CLASSES, word)) return CLASSES[word]
  return /^\d{1,9}$/.test(value) ? Number(value) : undefined
}

export type ApiQuery = Partial<Record<Field, string>>

/** Free text needs a start; without one we look back this far. */
export const TEXT_SPAN_MS = 86_400_000

/** The API's query, and what keeps it from being asked. */
export function toQuery(filter: Filter, now: number): { query: ApiQuery; faults: Fault[] } {
  const query: ApiQuery = {}
  const faults = [...filter.faults]
  const words: string[] = []
  const blame = (code: FaultCode, { value, start, end }: Term) =>
    faults.push({ code, found: value, start, end })
  for (const term of filter.terms) {
    if (!term.key) {
      words.push(term.value)
      continue
    }
    const field = KEYS[term.key]
    let value: string | undefined = term.value
    if (field === 'ip' && !isIp(value)) blame('bad_ip', term)
    // Alternatives are no list of values: said where they stand, before the server is asked.
    const isMany = /^[^,]+(,[^,]+)+$/.test(value) && !/\s/.test(value)
    if (field !== 'user' && isMany) blame('no_or', term)
    else if (IDS.includes(field) && !ID.test(value)) blame('bad_id', term)
    if (field === 'class') {
      value = classOf(value)?.toString()
      if (value === undefined) blame('bad_class', term)
    }
    if (field === 'from' || field === 'to') {
      const ms = momentOf(value ?? '', now)
      value = ms === undefined ? undefined : new Date(ms).toISOString()
      if (value === undefined) blame('bad_time', term)
    }
    if (value !== undefined) query[field] ??= value
  }
  if (words.length > 0) {
    query.text = words.join(' ')
    query.from ??= new Date((query.to ? Date.parse(query.to) : now) - TEXT_SPAN_MS).toISOString()
  }
  if (query.from && query.to && query.from >= query.to) {
    const term = filter.terms.find((one) => one.key === 'until') ?? filter.terms[0]
    if (term) blame('order', term)
  }
  return { query, faults }
}

/** A value as the language writes it. */
export function quoted(value: string): string {
  const isPlain = value !== '' && !/[\s"\\]/.test(value)
  return isPlain ? value : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** Free text that reads like a term is quoted, so that it stays text. */
const free = (value: string): string =>
  /^[a-z_]+:/i.test(value)
    ? `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
    : quoted(value)

/** The text of terms; `parse(write(terms))` gives the same terms. */
export function write(terms: readonly { key: Key | undefined; value: string }[]): string {
  return terms.map(({ key, value }) => (key ? `${key}:${quoted(value)}` : free(value))).join(' ')
}

/** The filter narrowed to one more value; what asked the same field before gives way. */
export function withTerm(text: string, key: Key, value: string): string {
  const kept = parse(text).terms.filter((term) => !term.key || KEYS[term.key] !== KEYS[key])
  return write([...kept, { key, value }])
}

/** The filter without one of its terms. */
export function without(text: string, index: number): string {
  return write(parse(text).terms.filter((_, at) => at !== index))
}

export interface Offer {
  /** The whole text if this offer is taken. */
  text: string
  caret: number
  label: string
  hint?: string
}

export type Known = Partial<Record<Key, readonly { value: string; name?: string }[]>>

const OFFERS_MAX = 12
/** A name is offered from so many of its letters on. */
const NAME_CHARS_MIN = 3

/** By the beginnings of its words a name is found. */
const soughtOf = (text: string): string => ` ${text.toLowerCase()}`

/** The word under the caret. */
export function wordAt(text: string, caret: number): { start: number; end: number; word: string } {
  let start = 0
  let isQuoted = false
  for (let at = 0; at < caret; at += 1) {
    if (text[at] === '"') isQuoted = !isQuoted
    else if (!isQuoted && /\s/.test(text[at]!)) start = at + 1
  }
  let end = caret
  while (end < text.length && !/\s/.test(text[end]!)) end += 1
  return { start, end, word: text.slice(start, caret) }
}

/** What could stand at the caret: keys first, then the values known for a key. */
export function complete(text: string, caret: number, known: Known): Offer[] {
  const { start, end, word } = wordAt(text, caret)
  const put = (own: string, label: string, hint?: string): Offer => ({
    text: text.slice(0, start) + own + text.slice(end),
    caret: start + own.length,
    label,
    hint,
  })
  const colon = word.indexOf(':')
  if (colon < 0) {
    const lower = word.toLowerCase()
    const keys = KEY_NAMES.filter((key) => key.startsWith(lower) && key !== lower)
    // A name that is known here leads to its person: events seldom hold names.
    const people = lower.length < NAME_CHARS_MIN ? [] : (known.person ?? [])
    const isNamed = ({ value, name = '' }: { value: string; name?: string }) =>
      name !== value && soughtOf(name).includes(soughtOf(lower))
    return [
      ...keys.map((key) => put(`${key}:`, `${key}:`)),
      ...people
        .filter(isNamed)
        .map(({ value, name }) => put(`person:${quoted(value)} `, `person:${value}`, name)),
    ].slice(0, OFFERS_MAX)
  }
  const key = word.slice(0, colon).toLowerCase()
  if (!isKey(key)) return []
  const begun = word
    .slice(colon + 1)
    .replaceAll('"', '')
    .toLowerCase()
  const rank = ({ value, name = '' }: { value: string; name?: string }): number => {
    const [id, shown] = [value.toLowerCase(), name.toLowerCase()]
    if (id.startsWith(begun) || shown.startsWith(begun)) return 0
    return id.includes(begun) || shown.includes(begun) ? 1 : 2
  }
  return (known[key] ?? [])
    .map((one) => ({ one, rank: rank(one) }))
    .filter((ranked) => ranked.rank < 2 && ranked.one.value !== word.slice(colon + 1))
    .sort((a, b) => a.rank - b.rank || a.one.value.localeCompare(b.one.value))
    .slice(0, OFFERS_MAX)
    .map(({ one }) => put(`${key}:${quoted(one.value)} `, one.value, one.name))
}
