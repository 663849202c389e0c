/** What the palette's words find, in which order, and which of it Enter means. */
export interface Sought {
  key: string
  group: string
  label: string
  /** What else it is found by, from `soughtOf`: numbers, sites, kinds. */
  sought: string
}

/** Words in lower case, each after a space: by their beginnings, and no other way, they are found. */
export const soughtOf = (text: string): string =>
  ` ${text
    .toLowerCase()
    .split(/[\s:.,/@·_-]+/)
    .join(' ')}`

/** How well an option fits: the smaller the better; undefined where it does not. */
function fit(option: Sought, query: string, words: readonly string[]): number | undefined {
  const label = option.label.toLowerCase()
  let rank = 3
  for (const word of words) {
    if (label.includes(word)) continue
    if (!option.sought.includes(soughtOf(word))) return undefined
    rank = 4
  }
  if (words.length === 0 || label === query) return 0
  if (label.startsWith(query)) return 1
  return rank === 3 && label.startsWith(words[0]!) ? 2 : rank
}

/** Options that hold every word asked for, the best first, so many a group, the best group first. */
export function groupOptions<T extends Sought>(
  options: readonly T[],
  text: string,
  max: number,
): [group: string, list: T[]][] {
  const query = text.trim().toLowerCase()
  const words = query.split(/\s+/).filter(Boolean)
  const groups = new Map<string, { option: T; rank: number }[]>()
  for (const option of options) {
    const rank = fit(option, query, words)
    if (rank === undefined) continue
    const list = groups.get(option.group)
    if (list) list.push({ option, rank })
    else groups.set(option.group, [{ option, rank }])
  }
  const sorted = [...groups].map(([group, list]) => ({
    group,
    list: list.sort((a, b) => a.rank - b.rank),
  }))
  // What fits equally well stays in the order of the groups.
  return sorted
    .sort((a, b) => a.list[0]!.rank - b.list[0]!.rank)
    .map(({ group, list }) => [group, list.slice(0, max).map(({ option }) => option)])
}

/** Whether nothing that is still on its way could fit the words better. */
export const isCertain = (best: Sought | undefined, text: string): boolean =>
  best !== undefined && best.label.toLowerCase() === text.trim().toLowerCase()

export interface Moment<T extends Sought> {
  /** What the words in the field are now. */
  text: string
  /** Found for exactly these words, as it is shown from top to bottom. */
  found: readonly T[]
  /** The one that the arrows led to, if they led anywhere. */
  chosen: string | undefined
  /** More is on its way: people, places or incidents are still being read. */
  isSearching: boolean
}

export type Answer<T> = { open: T } | 'wait' | 'nothing'

/**
 * What Enter means. Whoever has chosen gets what they chose; whoever only typed gets the best hit,
 * once the search that is under way has ended or its time is over.
 */
export function onEnter<T extends Sought>(now: Moment<T>, isTimeOver: boolean): Answer<T> {
  const chosen = now.found.find((option) => option.key === now.chosen)
  if (chosen) return { open: chosen }
  const best = now.found[0]
  if (now.isSearching && !isTimeOver && !isCertain(best, now.text)) return 'wait'
  return best ? { open: best } : 'nothing'
}

/** The option so many steps from the one that is marked, round at both ends. */
export function stepped<T extends Sought>(
  found: readonly T[],
  marked: string | undefined,
  by: number,
): string | undefined {
  if (found.length === 0) return undefined
  const at = found.findIndex((option) => option.key === marked)
  const from = at < 0 ? (by > 0 ? -1 : 0) : at
  return found[(from + by + found.length) % found.length]!.key
}
