import { describe, expect, it } from 'vitest'
import { barsNow, toneOf } from './rate'

describe('the alarm rate', () => {
  it('is the server’s count, with what was opened since on top', () => {
    const counted = { now: '2026-11-22T12:00:00Z', bars: [0, 2, 5] }
    const opened = (at: string) => ({ opened_at: at })
    expect(barsNow(counted, [])).toEqual([0, 2, 5])
    // What is held here from before is counted already; what is no longer held still counts.
    const held = [opened('2026-11-22T11:59:00Z'), opened('2026-11-22T12:00:03Z')]
    expect(barsNow(counted, held)).toEqual([0, 2, 6])
  })

  it('is calm at one, and a flood from ten on', () => {
    expect([1, 2, 9, 10].map(toneOf)).toEqual(['calm', 'busy', 'busy', 'flood'])
  })
})
