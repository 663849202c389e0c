/** Rights as the server keeps them: who may pass where, and every change of that. */

export interface Page<T> {
  items: readonly T[]
  next?: string | null
}

export interface RightItem {
  right: string
  holder: { kind: 'group' | 'person'; id: string }
  opens: { kind: 'zone' | 'door'; id: string }
  schedule?: string | null
  approved_by?: string | null
  reason?: string | null
  valid_from?: string | null
  valid_to?: string | null
  holds: boolean
  policy: string
}

export interface GroupItem {
  group: string
  name?: string | null
  within: readonly string[]
  clearance?: number | null
  traits: readonly string[]
  members: number
}

export interface ScheduleWindow {
  days: readonly string[]
  from: string
  to: string
}

export interface ScheduleItem {
  schedule: string
  name?: string | null
  time_zone: string
  windows: readonly ScheduleWindow[]
  holidays: readonly { date: string; kind: number }[]
  is_open: boolean
  next_change?: string | null
}

export interface ZoneItem {
  zone: string
  name?: string | null
  class: string
  lease_s: number
  at_expiry: string
  break_glass?: string | null
  anti_passback: string
  anti_passback_for_s: number
  blind: string
  /** Credentials that open it whatever the rights' age. */
  glass: readonly string[]
  /** Whether it has rules of its own; else the usual ones. */
  is_stated: boolean
  tightening: readonly { from: string; clearance_min: number; pin: boolean }[]
  occupancy_max?: number | null
  two_person: boolean
  escort: boolean
  first_person?: string | null
}

export interface DoorRules {
  door: string
  name?: string | null
  zone: string
  point?: string | null
  asks: string
  hold_s: number
  hold_accessible_s: number
  interlock?: string | null
  lift?: string | null
  fire_group?: string | null
  technicians?: string | null
  card_alone?: string | null
}

export interface CredentialItem {
  credential: string
  kind: string
  person?: string | null
  name?: string | null
  format?: string | null
  generation: number
  standing: string
  valid_from?: string | null
  valid_to?: string | null
  revoked: boolean
}

export interface PolicyItem {
  file: string
  text: string
  policies: readonly string[]
}

export interface VersionItem {
  version: number
  at: string
  by: string
  why: string
  approved_by?: string | null
  what: 'folder' | 'edit' | 'import' | 'undo'
  undoes?: number | null
  changes: number
}

export interface Change {
  version: number
  changes: readonly { kind: string; key: string; was: 'added' | 'changed' | 'removed' }[]
}

export interface Reason {
  code: string
  text: string
}

export interface Explanation {
  at: string
  door: string
  person?: string | null
  credential?: string | null
  /** Decimal digits. */
  snapshot: string
  outcome: { kind: 'grant' | 'require' | 'refuse'; hold_s?: number; steps?: readonly string[] }
  because: Reason
  noted: readonly Reason[]
  checks: readonly {
    check: string
    verdict: 'passed' | 'stopped' | 'asks' | 'noted' | 'not_reached'
    because?: Reason | null
  }[]
  policies: readonly {
    policy: string
    effect: 'permit' | 'forbid'
    verdict: 'permits' | 'forbids' | 'does_not_hold' | 'error'
    error?: string | null
    right?: string | null
  }[]
}

export interface WhatIf {
  state: 'running' | 'done' | 'stopped' | 'failed'
  from: string
  to: string
  done: number
  requests: number
  unresolved: number
  newly_passes: number
  newly_refused: number
  unchanged: number
  changes: readonly {
    person: string
    name?: string | null
    door: string
    was: Reason
    would: Reason
    passes: boolean
    times: number
    first: string
    last: string
  }[]
  more: number
  why?: string | null
}

export interface Answers {
  door: string
  at: string
  version?: number | null
  could: readonly {
    person: string
    name?: string | null
    because: Reason
    via: readonly {
      right?: string | null
      policy: string
      approved_by?: string | null
      reason?: string | null
      since_version?: number | null
      since?: string | null
      by?: string | null
    }[]
  }[]
  did: readonly {
    person?: string | null
    name?: string | null
    at: string
    outcome: string
    record: number
    part?: number
  }[]
  window_s: number
  /** So many more could, and are not listed. */
  could_more?: number
  /** Older ones are left out. */
  did_more?: boolean
}
