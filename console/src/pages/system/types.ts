/** Answers that the API's document does not describe yet. */

export interface RoleItem {
  role: string
  sites?: string[] | null
}

export interface OperatorItem {
  id: string
  login: string
  name: string
  person?: string | null
  teams: string[]
  roles: RoleItem[]
  disabled: boolean
  enrolled?: boolean
  has_password?: boolean
  has_totp?: boolean
  passkeys?: number
  /** The identity provider that vouches for them. */
  provider?: string | null
  seen_at?: string | null
  version?: number
}

export interface RolesAnswer {
  roles: string[]
  actions: (string | { action: string; meaning: string })[]
  matrix: Record<string, Record<string, boolean>>
}

export interface AuditItem {
  seq: number
  at: string
  by: string
  verb: string
  object: string
  detail?: unknown
  hash: string
}

export interface AuditPage {
  acts: AuditItem[]
  next?: number | string | null
  verified?: { upto: number; ok: boolean; problem?: string | null }
}
