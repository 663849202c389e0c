/** Bytes as people read them: where, what, and the letters among them. */

const ROW_BYTES = 16

/** `17200000…` as lines of sixteen bytes with their offsets and what of them is ASCII. */
export function hexLines(hex: string): string {
  const bytes = hex.match(/[0-9a-f]{2}/gi) ?? []
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += ROW_BYTES) {
    const row = bytes.slice(at, at + ROW_BYTES)
    const letters = row.map((byte) => {
      const code = Number.parseInt(byte, 16)
      return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '.'
    })
    const [left, right] = [row.slice(0, 8).join(' '), row.slice(8).join(' ')]
    lines.push(
      `${at.toString(16).padStart(6, '0')}  ${left.padEnd(23)}  ${right.padEnd(23)}  ${letters.join('')}`,
    )
  }
  return lines.join('\n')
}
