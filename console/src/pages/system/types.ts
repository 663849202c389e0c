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
  /** Its words are gone; the chain still holds. */
  is_erased?: boolean
  at?: string | null
  by?: string | null
  verb?: string | null
  object?: string | null
  detail?: unknown
}

export interface AuditPage {
  acts: AuditItem[]
  next?: number | null
}

export interface AuditVerdict {
  is_whole: boolean
  entries: number
  /** Noted elsewhere, it shows an end that was cut off. */
  head: string
  broken_at?: number | null
  detail?: string | null
}
