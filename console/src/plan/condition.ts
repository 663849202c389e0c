/** How doors stand, told by whoever knows best: the road that decides there, else their own system. */
import type { ControlledDoor, DoorCondition, DoorState } from '../api/types'

/**
 * A door of ours as it is shown. Nothing is believed of one whose point is away. Since when is said
 * of the state that is shown alone, never of another.
 */
function ofOurs(door: ControlledDoor): Pick<DoorState, 'state' | 'since'> {
  const since = undefined
  if (door.heard === 'never' || !door.stands) return { state: 'unknown', since }
  if (door.heard === 'silent') return { state: 'offline', since: door.silent_since }
  if (door.stands === 'closed') {
    if (door.lockdown) return { state: 'lockdown', since }
    if (door.locked) return { state: 'locked', since }
  }
  const byHours = door.stands === 'unlocked' && door.by_schedule
  return { state: byHours ? 'scheduled' : door.stands, since: door.since }
}

/** Every door once: what its own system said of it, and over that what the road says. */
export function joined(
  watched: ReadonlyMap<string, DoorState> | undefined,
  control: readonly ControlledDoor[] | undefined,
): ReadonlyMap<string, DoorState> | undefined {
  if (!control) return watched
  const doors = new Map(watched)
  for (const one of control) {
    if (!one.point) continue
    const told = doors.get(one.door)
    doors.set(one.door, { ...told, door: one.door, ...ofOurs(one), control: one })
  }
  return doors
}

const RANKS: Record<DoorCondition, number> = {
  fire: 0,
  forced: 1,
  held: 2,
  trouble: 3,
  tamper: 4,
  offline: 5,
  lockdown: 6,
  locked: 7,
  unlocked: 7,
  scheduled: 7,
  open: 7,
  closed: 8,
  normal: 8,
  unknown: 9,
}
const LAST_GRAVE = RANKS.offline

/** What wants eyes first comes first. */
export const rankOf = (state: DoorCondition | undefined): number => RANKS[state ?? 'unknown']

/** Whether somebody has to look at it: it is not as a door should be. */
export const wantsEyes = (state: DoorCondition | undefined): boolean => rankOf(state) <= LAST_GRAVE

/** Whether a plan says it in a word, too: all but what is ordinary, and what nobody knows. */
export const isSaid = (state: DoorCondition | undefined): boolean => rankOf(state) < RANKS.closed
