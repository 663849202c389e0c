/** The few things that a field for code must do by itself. */

export const TAB = '  '

export interface Edit {
  text: string
  /** Where the selection is afterwards. */
  from: number
  to: number
}

const lineStart = (text: string, at: number) => text.lastIndexOf('\n', at - 1) + 1

/** Two spaces at the cursor; or the chosen lines moved in, or out. */
export function indented(text: string, from: number, to: number, isOut: boolean): Edit {
  if (!isOut && !text.slice(from, to).includes('\n')) {
    const next = text.slice(0, from) + TAB + text.slice(to)
    return { text: next, from: from + TAB.length, to: from + TAB.length }
  }
  const start = lineStart(text, from)
  const lines = text.slice(start, to).split('\n')
  const moved = lines.map((line) => {
    if (!isOut) return line ? TAB + line : line
    return line.startsWith(TAB) ? line.slice(TAB.length) : line.replace(/^[ \t]/, '')
  })
  const grown = moved[0]!.length - lines[0]!.length
  const body = moved.join('\n')
  return {
    text: text.slice(0, start) + body + text.slice(to),
    from: Math.max(start, from + grown),
    to: start + body.length,
  }
}

/** A new line that begins where the one before it began. */
export function broken(text: string, from: number, to: number): Edit {
  const indent = /^[ \t]*/.exec(text.slice(lineStart(text, from), from))![0]
  const next = `${text.slice(0, from)}\n${indent}${text.slice(to)}`
  const at = from + 1 + indent.length
  return { text: next, from: at, to: at }
}

/**
 * Where line and column, counted from 1, are in the text; the nearest place there is. The server
 * counts characters, a field's selection the halves of those beyond the first plane.
 */
export function offsetOf(text: string, line: number, column = 1): number {
  const lines = text.split('\n')
  const row = Math.min(Math.max(line, 1), lines.length) - 1
  const before = lines.slice(0, row).reduce((sum, one) => sum + one.length + 1, 0)
  const characters = [...lines[row]!].slice(0, Math.max(column, 1) - 1)
  return before + characters.join('').length
}

/** The line, counted from 1, in which a place in the text is. */
export const lineAt = (text: string, offset: number): number =>
  text.slice(0, offset).split('\n').length

/** The part that must be replaced to make one text of another: from `at` to `end`, by `text`. */
export function differing(
  before: string,
  after: string,
): { at: number; end: number; text: string } {
  const most = Math.min(before.length, after.length)
  let at = 0
  while (at < most && before[at] === after[at]) at += 1
  let back = 0
  while (back < most - at && before[before.length - 1 - back] === after[after.length - 1 - back]) {
    back += 1
  }
  return { at, end: before.length - back, text: after.slice(at, after.length - back) }
}
