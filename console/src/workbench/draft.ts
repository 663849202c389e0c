/** A rule being written: its text, its cases, what the server says of them, and the past. */
import { call, get } from '../api/client'
import type { components } from '../api/schema'
import type { Finding } from '../api/types'
import type { Fault, Files } from '../mend/mapping'

type S = components['schemas']
export type RuleDetail = S['RuleDetail']
export type Checked = S['DraftAnswer']
export type Replay = S['ReplayItem']
export type ReplayReport = S['ReplayReport']
export type Exception = S['ExceptionItem']
export type AlarmRates = S['AlarmRatesAnswer']
export type Late = S['LateItem']
export interface ReplayFound {
  side: 'old' | 'new' | 'both'
  is_known: boolean
  finding: Finding
}

/** The name of a draft that is of no rule yet. */
export const NEW = 'new'

/** A rule to begin with: it loads, and says nothing that anybody wants said. */
export const TEMPLATE = `title: Door opened while its owner is elsewhere
id: my-rule
status: experimental
description: What it looks for, and why it matters.
logsource:
  category: physical_access
detection:
  selection:
    class_uid: 4230001
    activity_id: 1
    castellan.zone_class: critical
  condition: selection
level: medium
castellan:
  team: guard
  because: "{castellan.person} entered {castellan.place}."
  fold: [castellan.person]
  sop:
    - Look at the camera.
`

const path = (id: string) => `/v1/rules/${encodeURIComponent(id)}`

export const readRule = (id: string, signal?: AbortSignal): Promise<RuleDetail> =>
  get<RuleDetail>(path(id), {}, signal)

export const checkDraft = (files: Files, signal?: AbortSignal): Promise<Checked> =>
  call('POST', '/v1/rules/check', { json: { files }, signal })

export const saveRule = (
  id: string,
  files: Files,
  base_version: string,
  reason: string,
): Promise<{ version: string; warnings: Fault[] }> =>
  call('PUT', path(id), { json: { files, base_version, reason } })

export const removeRule = (id: string, reason: string, base_version: string): Promise<void> =>
  call('DELETE', path(id), { query: { reason, base_version } })

export const switchRule = (id: string, enabled: boolean, reason: string): Promise<RuleDetail> =>
  call('POST', `${path(id)}/switch`, { json: { enabled, reason } })

export interface ReplayAsk {
  files?: Files
  rules?: string[]
  from?: string
  to?: string
  site?: string
  late_of?: string
  compare?: boolean
}

export const startReplay = (ask: ReplayAsk): Promise<Replay> =>
  call('POST', '/v1/replays', { json: ask })

export const endReplay = (id: string): Promise<void> => call('DELETE', `/v1/replays/${id}`)

export const settleReplay = (
  id: string,
  adopt: string[],
  reason: string,
): Promise<S['SettleAnswer']> =>
  call('POST', `/v1/replays/${id}/settle`, { json: { adopt, reason } })

export interface ExceptionAsk {
  rules: string[]
  sites: string[]
  when: Record<string, unknown>
  until: string
  owner: string
  reason: string
}

export const addException = (ask: ExceptionAsk): Promise<{ id: string }> =>
  call('POST', '/v1/exceptions', { json: ask })

export const endException = (id: string, reason: string): Promise<void> =>
  call('DELETE', `/v1/exceptions/${encodeURIComponent(id)}`, { query: { reason } })

const ID = /^id:\s*["']?([a-zA-Z0-9][a-zA-Z0-9._-]{0,63})["']?\s*$/m

/** The id that a rule's text gives, as its file is named by it. */
export const idIn = (text: string): string => ID.exec(text)?.[1]?.toLowerCase() ?? 'my-rule'

/** Where the files of a draft lie: where the rule stands, else by its id. */
export function pathsOf(
  rule: Pick<RuleDetail, 'path' | 'cases_path'> | undefined,
  text: string,
): { rule: string; cases: string } {
  if (rule) return { rule: rule.path, cases: rule.cases_path }
  const stem = `rules/house/${idIn(text)}`
  return { rule: `${stem}.yml`, cases: `${stem}.cases.yml` }
}

/** What one writes as `field = value`, a line each; several values by commas. */
export function conditionsIn(text: string): Record<string, string | string[]> | undefined {
  const all: Record<string, string | string[]> = {}
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const at = line.indexOf('=')
    const field = line.slice(0, at).trim()
    const values = line
      .slice(at + 1)
      .split(',')
      .map((value) => value.trim())
      .filter(Boolean)
    if (at < 1 || !field || values.length === 0) return undefined
    all[field] = values.length === 1 ? values[0]! : values
  }
  return all
}

/** How far a replay is, of a hundred. */
export const doneOf = ({ read, of }: Replay['pace']): number =>
  of === 0 ? 0 : Math.min(100, Math.round((read / of) * 100))

export interface Kept {
  base: string
  rule: string
  cases: string
}

const keptName = (id: string) => `castellan.draft.rule.${id}`

/** What was typed and not saved. */
export function keptDraft(id: string): Kept | undefined {
  try {
    const text = sessionStorage.getItem(keptName(id))
    return text ? (JSON.parse(text) as Kept) : undefined
  } catch {
    return undefined
  }
}

export function keepDraft(id: string, kept: Kept | undefined): void {
  if (kept) sessionStorage.setItem(keptName(id), JSON.stringify(kept))
  else sessionStorage.removeItem(keptName(id))
}
