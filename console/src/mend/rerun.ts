/** Sending dead letters through again, and what became of each. */
import { call, get } from '../api/client'
import type { Letter } from './mapping'

export interface Outcome {
  sent: number
  understood: number
  refused: number
  /** Not yet known when we stopped asking. */
  underway: number
}

const ASK_EVERY_MS = 600
const ASK_MAX = 25

/**
 * What became of those sent. A letter that fails again is settled by a newer one of its own, so
 * that newer ones of the same source and mapping are those that were refused once more.
 */
export function outcomeOf(
  sent: readonly number[],
  now: readonly Letter[],
  newest: number,
): Outcome {
  const asked = new Set(sent)
  const underway = now.filter(
    (letter) => asked.has(letter.record) && letter.status === 'rerun',
  ).length
  const again = now.filter((letter) => letter.record > newest && letter.status === 'open').length
  const refused = Math.min(again, sent.length - underway)
  return { sent: sent.length, understood: sent.length - underway - refused, refused, underway }
}

const readAll = (source: string) => get<Letter[]>('/v1/dead-letters', { source, limit: 1_000 })

/** Sends these through again and follows them until each has its outcome. */
export async function rerunLetters(
  source: string,
  records: readonly number[],
  told: (now: Outcome) => void,
): Promise<Outcome> {
  const before = await readAll(source)
  const newest = Math.max(0, ...before.map((letter) => letter.record))
  const open = before.filter((letter) => letter.status === 'open').map((letter) => letter.record)
  const asked = records.filter((record) => open.includes(record))
  const { sent } = await call<{ sent: number }>('POST', '/v1/dead-letters/rerun', {
    json: { source, records: asked },
  })
  let outcome: Outcome = { sent, understood: 0, refused: 0, underway: sent }
  for (let n = 0; n < ASK_MAX && sent > 0; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
    outcome = outcomeOf(asked, await readAll(source), newest)
    told(outcome)
    if (outcome.underway === 0) break
  }
  return outcome
}
