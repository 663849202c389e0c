/** The places as the rows of a tree. */
import type { DoorState, PlaceItem } from '../../api/types'
import { wantsEyes } from '../../plan/condition'

export interface TreeRow {
  place: PlaceItem
  depth: number
}

const DEPTH_MAX = 16
/** Doors stand after the zones they lead to. */
const rank = (place: PlaceItem): number => (place.kind === 'door' ? 1 : 0)

/** Depth first; with `find`, what has the words in its name or number, and what holds it. */
export function treeOf(places: readonly PlaceItem[], find: string): TreeRow[] {
  const known = new Set(places.map((place) => place.id))
  const below = new Map<string, PlaceItem[]>()
  for (const place of places) {
    const parent = place.parent && known.has(place.parent) ? place.parent : ''
    below.set(parent, [...(below.get(parent) ?? []), place])
  }
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  const isHit = ({ name, id }: PlaceItem) =>
    words.every((word) => `${name}\n${id}`.toLowerCase().includes(word))
  const rows: TreeRow[] = []
  const walk = (parent: string, depth: number): boolean => {
    if (depth > DEPTH_MAX) return false
    let any = false
    for (const place of [...(below.get(parent) ?? [])].sort((a, b) => rank(a) - rank(b))) {
      const own = rows.push({ place, depth }) - 1
      const isKept = walk(place.id, depth + 1) || isHit(place)
      if (isKept) any = true
      else rows.splice(own)
    }
    return any
  }
  walk('', 0)
  return rows
}

/** How many doors in and below a place are not as they should be. */
export function troubles(
  place: PlaceItem,
  above: (id: string) => PlaceItem[],
  doors: ReadonlyMap<string, DoorState> | undefined,
): number {
  let count = 0
  for (const { door, state } of doors?.values() ?? []) {
    const isIn = above(door).some((one) => one.id === place.id)
    if (isIn && wantsEyes(state)) count += 1
  }
  return count
}
