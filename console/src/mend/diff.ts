/** Two texts line by line: what one has and the other has not. */

export interface DiffLine {
  kind: 'same' | 'shipped' | 'here'
  text: string
  /** Its number in the shipped text, from 1. */
  shipped?: number
  /** Its number in the text here, from 1. */
  here?: number
}

/** Lines left out between two places that differ. */
export interface Skipped {
  skipped: number
}

/** Texts that differ in more places than this are shown one after the other. */
const PLACES_MAX = 600

const linesOf = (text: string) => text.replace(/\n$/, '').split('\n')

/**
 * The shortest way from one list of lines to the other.
 * SOURCE: E. Myers, An O(ND) difference algorithm and its variations, Algorithmica 1 (1986).
 */
function shortest(a: readonly string[], b: readonly string[]): boolean[] | undefined {
  const furthest = new Map<number, number>([[1, 0]])
  const trails: Map<number, number>[] = []
  for (let d = 0; d <= Math.min(a.length + b.length, PLACES_MAX); d += 1) {
    trails.push(new Map(furthest))
    for (let k = -d; k <= d; k += 2) {
      const isDown = k === -d || (k !== d && furthest.get(k - 1)! < furthest.get(k + 1)!)
      let x = isDown ? furthest.get(k + 1)! : furthest.get(k - 1)! + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1
      furthest.set(k, x)
      if (x >= a.length && x - k >= b.length) return walkedBack(trails, a.length, b.length)
    }
  }
  return undefined
}

/** Each step's kind, from the beginning: `true` is a line of `b`, `false` one of `a`. */
function walkedBack(trails: readonly Map<number, number>[], m: number, n: number): boolean[] {
  const steps: boolean[] = []
  let k = m - n
  for (let d = trails.length - 1; d > 0; d -= 1) {
    const before = trails[d]!
    const isDown = k === -d || (k !== d && before.get(k - 1)! < before.get(k + 1)!)
    steps.push(isDown)
    k += isDown ? 1 : -1
  }
  return steps.reverse()
}

/** Both texts as one list of lines. */
export function diffLines(shipped: string, here: string): DiffLine[] {
  const [a, b] = [linesOf(shipped), linesOf(here)]
  const steps = shortest(a, b)
  if (!steps) {
    return [
      ...a.map((text, at) => ({ kind: 'shipped' as const, text, shipped: at + 1 })),
      ...b.map((text, at) => ({ kind: 'here' as const, text, here: at + 1 })),
    ]
  }
  const lines: DiffLine[] = []
  let [x, y] = [0, 0]
  const follow = () => {
    while (x < a.length && y < b.length && a[x] === b[y]) {
      lines.push({ kind: 'same', text: a[x]!, shipped: x + 1, here: y + 1 })
      x += 1
      y += 1
    }
  }
  follow()
  for (const isHere of steps) {
    if (isHere) lines.push({ kind: 'here', text: b[y]!, here: (y += 1) })
    else lines.push({ kind: 'shipped', text: a[x]!, shipped: (x += 1) })
    follow()
  }
  return lines
}

/** What differs, with a few lines around. */
export function hunks(lines: readonly DiffLine[], around = 3): (DiffLine | Skipped)[] {
  const isNear = lines.map(() => false)
  lines.forEach(({ kind }, at) => {
    if (kind === 'same') return
    isNear.fill(true, Math.max(0, at - around), at + around + 1)
  })
  const shown: (DiffLine | Skipped)[] = []
  lines.forEach((line, at) => {
    const last = shown.at(-1)
    if (isNear[at]) shown.push(line)
    else if (last && 'skipped' in last) last.skipped += 1
    else shown.push({ skipped: 1 })
  })
  return shown
}
