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

/** A rule to begin with: it loads, its cases pass, and it joins both worlds. */
export const TEMPLATE = `title: Log-on at a workstation by somebody who is out
id: my-rule
status: experimental
description: Somebody logs on at a workstation in the building, while the badge of that person says that they are out.
logsource:
  category: authentication
detection:
  logon:
    class_uid: 3002
    activity_id: 1
    status_id: 1
    castellan.device.kind: workstation
  remote:
    is_remote: true
  outside:
    castellan.presence.state: out
  condition: logon and not remote and outside
level: medium
castellan:
  team: soc
  because: "{castellan.person} logged on at {castellan.device.asset}, and their badge is out."
  fold: [castellan.person]
  sop:
    - Call the person on a known number.
    - Look at the camera nearest to the workstation.
`

/** Its cases: one that matches and one that does not, with all of the organisation they need. */
export const TEMPLATE_CASES = `rule: my-rule
organisation:
  places:
    hq: { kind: site }
    street: { kind: zone, parent: hq, class: external }
    lobby: { kind: zone, parent: hq, class: transitional }
    d-front: { kind: door, parent: hq }
  doors:
    d-front: { from: street, to: lobby, reader_in: front-in, reader_out: front-out }
  people:
    ben: { ids: { badge: [b-ben], account: [ben] } }
  assets:
    ws-ben: { kind: workstation, place: lobby, owner: ben, ids: { hostname: [ws-ben] } }
  sources:
    pacs: { site: hq, witness_of: [presence, door], heartbeat: 5m, clock_offset_max: 1s }
cases:
  - name: they went out before
    expect: match
    because: "ben logged on at ws-ben, and their badge is out."
    events:
      - { at: "08:00:00", source: pacs, category: physical_access, ocsf: { class_uid: 4230001, activity_id: 3, credential: { uid: b-ben }, portal: { uid: d-front }, unmapped: { direction: in } } }
      - { at: "08:50:00", source: pacs, category: physical_access, ocsf: { class_uid: 4230001, activity_id: 3, credential: { uid: b-ben }, portal: { uid: d-front }, unmapped: { direction: out } } }
      - { at: "09:00:00", source: hosts, category: authentication, ocsf: { class_uid: 3002, activity_id: 1, status_id: 1, user: { name: ben }, device: { hostname: ws-ben } } }
  - name: they are inside
    expect: nothing
    events:
      - { at: "08:00:00", source: pacs, category: physical_access, ocsf: { class_uid: 4230001, activity_id: 3, credential: { uid: b-ben }, portal: { uid: d-front }, unmapped: { direction: in } } }
      - { at: "09:00:00", source: hosts, category: authentication, ocsf: { class_uid: 3002, activity_id: 1, status_id: 1, user: { name: ben }, device: { hostname: ws-ben } } }
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

/** The cases of a rule that is called otherwise now: they follow it, if they were its own. */
export const casesOf = (cases: string, before: string, now: string): string => {
  const [old, id] = [before, now].map((text) => ID.exec(text)?.[1] ?? 'my-rule')
  return cases.startsWith(`rule: ${old}\n`) ? `rule: ${id}\n${cases.slice(old!.length + 7)}` : cases
}

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
