/** Doors as this page lists them, what may be asked of them, and who may be inside. */
import type { ControlledDoor, DoorState, Plan } from '../../api/types'
import { rankOf, wantsEyes } from '../../plan/condition'

export type OrderWord =
  | 'release'
  | 'unlock'
  | 'relock'
  | 'lock'
  | 'fire_reset'
  | 'maintenance'
  | 'walk_test'
  | 'end_work'
  | 'rotate_keys'

export type CommandState =
  'asked' | 'sent' | 'confirmed' | 'unconfirmed' | 'expired' | 'refused' | 'failed'

export interface DoorCommand {
  id: string
  door: string
  point?: string | null
  order: string
  reason?: string | null
  by: string
  at: string
  expires_at: string
  state: CommandState
  why?: string | null
  done_at?: string | null
}

export interface Lockdown {
  zone: string
  since: string
  ask_at?: string | null
  by: string
  reason?: string | null
}

export interface ThreatLevel {
  level: string
  since?: string | null
  by?: string | null
  reason?: string | null
}

export interface MusterEntry {
  person: string
  name?: string | null
  zone?: string | null
  since?: string | null
  why?: string | null
}

export interface Muster {
  area: string
  at: string
  inside: readonly MusterEntry[]
  possibly: readonly MusterEntry[]
  unheard: readonly string[]
}

/** A door with how it stands by whoever knows best. */
export interface Row {
  door: ControlledDoor
  told: DoorState
}

export const rowsOf = (
  doors: readonly ControlledDoor[],
  states: ReadonlyMap<string, DoorState> | undefined,
): Row[] =>
  doors.map((door) => ({
    door,
    told: states?.get(door.door) ?? { door: door.door, state: 'unknown' },
  }))

/** What wants eyes first: fire, alarms, doors nobody hears; then ours before others, by name. */
export const inOrder = (rows: readonly Row[]): Row[] =>
  [...rows].sort(
    (a, b) =>
      Number(wantsEyes(b.told.state)) - Number(wantsEyes(a.told.state)) ||
      (wantsEyes(a.told.state) ? rankOf(a.told.state) - rankOf(b.told.state) : 0) ||
      Number(Boolean(b.door.point)) - Number(Boolean(a.door.point)) ||
      rankOf(a.told.state) - rankOf(b.told.state) ||
      a.door.door.localeCompare(b.door.door),
  )

/** The doors that a search finds: by id, name, zone or point. */
export function found(
  rows: readonly Row[],
  text: string,
  nameOf: (place: string) => string,
): Row[] {
  const wanted = text.trim().toLowerCase()
  if (!wanted) return [...rows]
  const has = (value: string | null | undefined) => value?.toLowerCase().includes(wanted) ?? false
  return rows.filter(
    ({ door }) =>
      has(door.door) || has(nameOf(door.door)) || has(nameOf(door.zone)) || has(door.point),
  )
}

/** What may be asked of a door as it stands. */
export function ordersFor(door: ControlledDoor): OrderWord[] {
  if (door.stands === 'fire') return ['fire_reset']
  const back: OrderWord[] = door.stands === 'unlocked' || door.locked ? ['relock'] : ['unlock']
  const lock: OrderWord[] = door.locked ? [] : ['lock']
  const work: OrderWord[] = door.work ? ['end_work'] : ['maintenance', 'walk_test']
  // A door whose reader answers in a secure channel has a key that can be changed.
  const keys: OrderWord[] = door.secure ? ['rotate_keys'] : []
  return ['release', ...back, ...lock, ...work, ...keys]
}

/** Whether a command is still under way. */
export const isUnderWay = (command: Pick<DoorCommand, 'state'>): boolean =>
  command.state === 'asked' || command.state === 'sent'

/** How long after its end a command's receipt stands where it was asked. */
const GOOD_SHOWN_MS = 60_000
const BAD_SHOWN_MS = 600_000

/** Whether a receipt stands still on the page; `age_ms`: of its command, by our own clock. */
export const isFresh = (command: Pick<DoorCommand, 'state'>, age_ms: number): boolean =>
  isUnderWay(command) || age_ms < (command.state === 'confirmed' ? GOOD_SHOWN_MS : BAD_SHOWN_MS)

/** Orders that go to every door of a zone: their receipts are told together. */
const OF_A_ZONE: readonly string[] = ['lock_down', 'end_lockdown']

/** Receipts in the order given; those of one act over a zone in one group. */
export function grouped(commands: readonly DoorCommand[]): DoorCommand[][] {
  const groups = new Map<string, DoorCommand[]>()
  for (const one of commands) {
    const key = OF_A_ZONE.includes(one.order) ? one.order : one.id
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()]
}

/** Where a door stands on a plan. */
const isOn = (plan: Plan, door: string): boolean =>
  plan.marks.some(({ entity }) => entity === `place:${door}`)

export const planOf = (plans: readonly Plan[], door: string): Plan | undefined =>
  plans.find((plan) => isOn(plan, door))

/** The plan to begin with: of the door that wants eyes most, else of one of ours. */
export const firstPlan = (plans: readonly Plan[], rows: readonly Row[]): Plan | undefined =>
  rows
    .filter(({ door, told }) => wantsEyes(told.state) || door.point)
    .map(({ door }) => planOf(plans, door.door))
    .find(Boolean) ?? plans[0]

/** A plan with its doors alone: nothing else is operated here. */
export const doorsOf = (plan: Plan, rows: readonly Row[]): Plan => {
  const doors = new Set(rows.map(({ door }) => `place:${door.door}`))
  return { ...plan, marks: plan.marks.filter(({ entity }) => doors.has(entity)) }
}

/** Doors that stand on no plan. */
export const offPlans = (plans: readonly Plan[], rows: readonly Row[]): Row[] => {
  const placed = new Set(plans.flatMap(({ marks }) => marks.map(({ entity }) => entity)))
  return rows.filter(({ door }) => !placed.has(`place:${door.door}`))
}
