/** A mapping's two files, tried against records that gave no event, and put into force. */
import { call, get } from '../api/client'
import { Problem } from '../api/problem'
import type { components } from '../api/schema'
import type { Right } from '../api/types'

export type Letter = components['schemas']['DeadLetterItem']

/** The text of each file by its name: `mapping.toml`, `map.vrl`. */
export type Files = Readonly<Record<string, string>>

export interface Mapping {
  name: string
  version: string
  files: Files
  origin: 'shipped' | 'house'
  /** What ships under this name, where the house has a copy. */
  shipped?: Files | null
  may_edit: Right
}

/** What is wrong with a file, counted from 1. */
export interface Fault {
  file: string
  line?: number | null
  column?: number | null
  /** `warning` keeps nothing out of force. */
  gravity?: string
  /** A stable name, such as `unexpected`. */
  code?: string
  message: string
}

export interface TryResult {
  record?: number | null
  events?: Record<string, unknown>[] | null
  /** What the validator says of the events. */
  complaints?: string[] | null
  problem?: {
    reason: string
    detail: string
    position?: { line: number; column: number } | null
  } | null
}

/** A record of which the mapping in force makes events. */
export interface Sample {
  record: number
  received_at: string
  head?: string | null
  before: Record<string, unknown>[]
  is_changed: boolean
}

export interface Tried {
  problems: Fault[]
  results: TryResult[]
  samples?: Sample[]
}

/** Dead letters that a change is tried against. */
export const LETTERS_MAX = 25
/** Of its source's last records, so many. */
export const SAMPLES_MAX = 25

const path = (name: string) => `/v1/mappings/${encodeURIComponent(name)}`

export const readMapping = (name: string, signal?: AbortSignal): Promise<Mapping> =>
  get<Mapping>(path(name), {}, signal)

export const tryFiles = (
  name: string,
  files: Files,
  source: string | undefined,
  dead_letters: readonly number[],
  latest: number,
  signal?: AbortSignal,
): Promise<Tried> =>
  call('POST', `${path(name)}/try`, { json: { files, source, dead_letters, latest }, signal })

/** The faults that a refused saving names. */
export function faultsIn(problem: Problem): Fault[] {
  const list = problem.more.problems
  if (!Array.isArray(list)) return []
  return list.filter(
    (one): one is Fault => typeof one?.file === 'string' && typeof one?.message === 'string',
  )
}

export const saveFiles = (
  name: string,
  files: Files,
  base_version: string,
  reason: string,
  accept_samples: boolean,
): Promise<{ version: string; warnings?: Fault[] }> =>
  call('PUT', path(name), {
    json: { files, base_version, reason, ...(accept_samples && { accept_samples }) },
  })

/** The mapping's own sample gives something else than what is expected of it, which may be meant. */
export const isAcceptable = ({ file, code }: Fault): boolean =>
  file.startsWith('expected/') && (code === 'unexpected' || code === 'missing_expected')

/** Whether nothing but the outcome of samples stands against saving. */
export function isOnlyOfSamples(faults: readonly Fault[]): boolean {
  const errors = faults.filter(({ gravity }) => gravity !== 'warning')
  return errors.length > 0 && errors.every(isAcceptable)
}

/** The shipped text again; the house's own is kept in the audit chain, not in force. */
export const backToShipped = (
  name: string,
  reason: string,
  base_version: string,
): Promise<unknown> => call('DELETE', path(name), { query: { reason, base_version } })

/** This letter first, then others that failed for the same reason, the newest first. */
export function lettersFor(all: readonly Letter[], record: number | undefined): Letter[] {
  const own = all.find((letter) => letter.record === record)
  const same = all.filter((letter) => letter.record !== record && letter.status === 'open')
  return [...(own ? [own] : []), ...same].slice(0, LETTERS_MAX)
}

/** What a trial says of one letter. */
export function resultOf(tried: Tried | undefined, letters: readonly Letter[], at: number) {
  if (!tried) return undefined
  const record = letters[at]?.record
  const named = tried.results.find((result) => result.record === record)
  // A server that does not name the records answers in the order of the question.
  return named ?? (tried.results[at]?.record == null ? tried.results[at] : undefined)
}

/** What stands against saving whatever anybody ticks: what does not hold, or would break. */
export const standsAgainst = (faults: readonly Fault[]): Fault[] =>
  faults.filter((fault) => fault.gravity !== 'warning' && !isAcceptable(fault))

/** What a change makes of a record that was understood before. */
export type Effect = 'lost' | 'changed' | 'same' | 'unknown'

export function effectOn(sample: Sample, tried: Tried | undefined): Effect {
  const result = tried?.results.find(({ record }) => record === sample.record)
  if (!result) return 'unknown'
  if (!isUnderstood(result)) return 'lost'
  return sample.is_changed ? 'changed' : 'same'
}

const EFFECTS: Effect[] = ['lost', 'changed', 'unknown', 'same']

/** Those that are lost first, then those that change, each the newest first. */
export function samplesOf(tried: Tried | undefined): (Sample & { effect: Effect })[] {
  const all = (tried?.samples ?? []).map((one) => ({ ...one, effect: effectOn(one, tried) }))
  return all.sort((a, b) => EFFECTS.indexOf(a.effect) - EFFECTS.indexOf(b.effect))
}

export const isUnderstood = (result: TryResult | undefined): boolean =>
  result !== undefined && !result.problem && (result.events?.length ?? 0) > 0

export interface Changed {
  base: string
  files: Files
}

const kept = (name: string) => `castellan.draft.mapping.${name}`

/** What was typed and not saved, if it was typed upon this version. */
export function keptFiles(name: string): Changed | undefined {
  try {
    const text = sessionStorage.getItem(kept(name))
    return text ? (JSON.parse(text) as Changed) : undefined
  } catch {
    return undefined
  }
}

export function keepFiles(name: string, changed: Changed | undefined): void {
  if (changed) sessionStorage.setItem(kept(name), JSON.stringify(changed))
  else sessionStorage.removeItem(kept(name))
}

/** Whether any file is not what it was. */
export const isChanged = (before: Files, now: Files): boolean =>
  Object.keys({ ...before, ...now }).some((file) => before[file] !== now[file])

/** mapping.toml before map.vrl, whatever the order in which they came. */
export const fileNames = (files: Files): string[] =>
  Object.keys(files).sort(
    (a, b) => Number(b.endsWith('.toml')) - Number(a.endsWith('.toml')) || a.localeCompare(b),
  )
