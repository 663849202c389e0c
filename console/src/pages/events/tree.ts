/** An OCSF object as branches and leaves; bounded, whatever a source put into it. */

export interface Branch {
  name: string
  path: string
  /** Of a leaf. */
  text: string
  value?: unknown
  /** A time attribute, in milliseconds. */
  moment?: number
  below?: Branch[]
}

export const LEAVES_MAX = 1_500
const DEPTH_MAX = 12
const TEXT_CHARS_MAX = 2_000
/** Around the years 2001 to 2100, in milliseconds. */
const MOMENT_MS = [1_000_000_000_000, 4_102_444_800_000] as const

/** What the reader wants first comes first. */
const FIRST = ['class_uid', 'activity_id', 'time', 'message', 'castellan']
const LAST = ['metadata', 'unmapped', 'raw_data']

const rank = (name: string): number => {
  const first = FIRST.indexOf(name)
  if (first >= 0) return first - FIRST.length
  return LAST.indexOf(name) + 1
}

const momentOf = (name: string, value: unknown): number | undefined =>
  typeof value === 'number' &&
  /time$|_dt$|^first_seen|^last_seen/.test(name) &&
  value > MOMENT_MS[0] &&
  value < MOMENT_MS[1]
    ? value
    : undefined

export function branches(event: unknown): { list: Branch[]; isCut: boolean } {
  let left = LEAVES_MAX
  let isDeep = false
  const walk = (value: unknown, path: string, depth: number): Branch[] => {
    const pairs = Object.entries(value as object)
    if (depth === 0) pairs.sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
    const made: Branch[] = []
    for (const [name, child] of pairs) {
      if (left <= 0) break
      const own = path === '' ? name : `${path}.${name}`
      const isObject = child !== null && typeof child === 'object' && Object.keys(child).length > 0
      if (isObject && depth < DEPTH_MAX) {
        made.push({ name, path: own, text: '', below: walk(child, own, depth + 1) })
        continue
      }
      left -= 1
      isDeep ||= isObject
      const text = isObject
        ? '…'
        : typeof child === 'string'
          ? child
          : (JSON.stringify(child) ?? '')
      made.push({
        name,
        path: own,
        value: child,
        moment: momentOf(name, child),
        text: text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)}…` : text,
      })
    }
    return made
  }
  const isObject = event !== null && typeof event === 'object'
  const list = isObject ? walk(event, '', 0) : []
  return { list, isCut: left <= 0 || isDeep }
}
