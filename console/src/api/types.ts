/** The API's nouns under short names, and those that its document does not describe closely. */
import type { components } from './schema'

type S = components['schemas']

export type Level = S['Level']
export type IncidentState = S['IncidentState'] | 'snoozed'
export type Owner = { kind: 'team' | 'person'; id: string }
export type Disposition = S['Disposition']
export type EvidenceRef = S['EvidenceRef']
export type Finding = S['Finding']
export type EventItem = Omit<S['EventItem'], 'event'> & { event: OcsfEvent }
export type SourceItem = S['SourceItem']
export type StatusAnswer = S['StatusAnswer']
export type PersonItem = S['PersonItem'] & { name?: string | null; pseudonym?: string }
export type RuleItem = S['RuleItem']

/** An OCSF object; the console reads what it knows and shows the rest as it is. */
export type OcsfEvent = { [attribute: string]: unknown }

export interface SopStep {
  text: string
  done?: [by: string, at: string] | { by: string; at: string } | null
  /** The findings that ask for it; none for what a person wrote. */
  asked_by?: { rule: string; title: string }[]
}

export interface TimelineEntry {
  at: string
  by: string
  act: { act: string; [field: string]: unknown }
}

export interface Offer {
  to: Owner
  by?: string
  note?: string | null
  until?: string
}

/** An incident. Fields that newer servers add are optional. */
export interface Incident {
  id: string
  tenant: string
  site?: string | null
  title: string
  because: string
  level: Level
  state: IncidentState
  owner: Owner
  opened_at: string
  changed_at: string
  first_seen: string
  last_seen: string
  rules: string[]
  findings: string[]
  entities: string[]
  evidence: EvidenceRef[]
  sop: SopStep[]
  disposition?: Disposition | null
  timeline: TimelineEntry[]
  version: number
  handling?: Handling
  /** Help was called for, and why is still to be said. */
  reason_owed?: boolean
  /** It stands for a call from this screen, of which nothing may be seen here. */
  isMasked?: true
}

/** How an incident is handled beside its state and owner. */
export interface Handling {
  offer?: Offer | null
  snooze?: { by: string; until: string; reason: string } | null
  milestones?: { milestone: string; at: string; by: string }[]
  merged_into?: string | null
  merged?: string[]
  /** A person called for help in silence. */
  call?: Call | null
  /** When everybody was told because nobody had acknowledged it. */
  escalated?: string[]
  /** Whoever works incidents at any site sees it. */
  everywhere?: boolean
}

export interface Call {
  by: string
  at: string
  person?: string | null
  phones?: string[]
  /** When they pressed again. */
  again?: string[]
}

export interface ActionOffer {
  action: string
  allowed: boolean
  refusal?: { code: string; message: string }
  reason?: string
}

export interface IncidentView {
  incident: Incident
  actions: ActionOffer[]
  /** When everybody is told, unless somebody acknowledges it until then. */
  escalates_at?: string | null
}

export interface PlaceItem {
  id: string
  kind: string
  name: string
  parent?: string | null
  site?: string | null
  time_zone?: string | null
  zone_class?: string | null
  capacity?: number | null
}

export interface DoorItem {
  door: string
  from_zone: string
  to_zone: string
  controller?: string | null
  reader_in?: string | null
  reader_out?: string | null
  camera?: string | null
}

export interface AssetItem {
  id: string
  kind: string
  name: string
  place?: string | null
  owner?: string | null
  team?: string | null
  make?: string | null
  model?: string | null
  criticality?: number | null
}

export interface OperatorName {
  id: string
  name: string
  /** As whom they answer for incidents. */
  person?: string | null
  works_everywhere: boolean
  works_at: string[]
  roles?: string[]
  teams?: string[]
  is_on_duty?: boolean
}

export interface Organisation {
  tenant: string
  name: string
  time_zone?: string | null
  sites: string[]
  places: PlaceItem[]
  doors: DoorItem[]
  assets: AssetItem[]
  teams: string[]
  operators: OperatorName[]
  /** The video system's address for a camera, a door and a moment, with places to fill. */
  camera_link?: string | null
  version: string | number
}

export interface Plan {
  place: string
  width: number
  height: number
  image: string
  marks: { entity: string; x: number; y: number }[]
}

/** How a door of our own stands, as the road that decides at it tells. */
export type Stands =
  'closed' | 'unlocked' | 'open' | 'tamper' | 'trouble' | 'held' | 'forced' | 'fire'

/** The same as it is shown; `normal` is a door's that others decide at. */
export type DoorCondition =
  Stands | 'normal' | 'scheduled' | 'locked' | 'lockdown' | 'offline' | 'unknown'

export interface MayDo {
  allowed: boolean
  /** Why not. */
  refusal?: string | null
}

/** One door, as the road that decides at it tells. */
export interface ControlledDoor {
  door: string
  /** Who decides at it; nobody does where it is only watched. */
  point?: string | null
  zone: string
  from_zone?: string | null
  site?: string | null
  asks: string
  stands?: Stands | null
  since?: string | null
  is_released: boolean
  /** It is unlocked by the hours of its schedule. */
  by_schedule?: boolean
  secure?: boolean | null
  heard: 'live' | 'silent' | 'never'
  /** Since when its point has been away. */
  silent_since?: string | null
  rights_at?: string | null
  lease: 'current' | 'expired' | 'unknown'
  lease_s: number
  /** Its zone is locked down. */
  lockdown: boolean
  /** It alone is locked. */
  locked?: boolean
  work?: 'maintenance' | 'walk_test' | null
  work_until?: string | null
  open_commands: number
  may: { operate: MayDo; lockdown: MayDo }
}

export interface DoorState {
  door: string
  state: DoorCondition
  since?: string | null
  last?: {
    at: string
    person?: string | null
    granted: boolean
    /** When they went through, if the door said so. */
    passed?: string | null
    record: number
    part: number
  } | null
  /** Absent in what the live stream says. */
  passage?: 'reported' | 'assumed'
  /** It grants and never says whether somebody went through. */
  is_mute?: boolean
  /** Where a point of ours decides at it. */
  control?: ControlledDoor
}

/** How the link of a camera, sensor or other thing stands. */
export interface ThingState {
  asset: string
  state: 'up' | 'lost'
  /** As far as has been heard. */
  since: string
}

export interface Right {
  allowed: boolean
  reason?: string
}

export interface SessionAnswer {
  operator: { id: string; name: string; login?: string; person?: string | null; teams: string[] }
  roles: { role: string; sites: string[] | null }[]
  rights: Record<string, Right>
  csrf: string
  expires_at?: string
  now?: string
  expires_in_s?: number
  must_enrol?: boolean
  passkeys?: { id: string; name: string; created_at: string; used_at?: string | null }[]
  /** An identity provider vouches for them: no password here. */
  provider?: string | null
  has_password?: boolean
  has_totp?: boolean
  /** Seconds for which this sign-in is proof enough to change what one signs in with. */
  proof_s?: number
}

export interface SavedView {
  name: string
  kind: 'incidents' | 'events'
  query: string
  shared: boolean
}
