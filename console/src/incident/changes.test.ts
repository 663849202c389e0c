import { describe, expect, it } from 'vitest'
import type { TimelineEntry } from '../api/types'
import { inverse } from './acts'
import { changesSince, whoDidWhat } from './changes'
import { incident } from './sample'

const entry = (by: string, act: TimelineEntry['act']): TimelineEntry => ({
  at: '2026-11-22T08:00:00Z',
  by,
  act,
})
const nameOf = (entity: string) =>
  ({ 'operator:op-1': 'Ria' })[entity] ?? entity.replace('operator:', '')

describe('the one who came second', () => {
  it('is told who did what meanwhile', () => {
    const opened = entry('castellan', { act: 'opened' })
    const before = incident('a', 'high', 'new', { timeline: [opened] })
    const after = {
      ...before,
      version: 2,
      timeline: [
        opened,
        entry('op-1', { act: 'state', from: 'new', to: 'acknowledged' }),
        entry('op-1', { act: 'comment', text: 'on my way' }),
      ],
    }
    expect(whoDidWhat(changesSince(before, after), nameOf)).toBe(
      'Ria: New → Acknowledged; Ria: on my way',
    )
  })
  it('hears of hand-overs, rests and merges in words', () => {
    const told = (act: TimelineEntry['act']) => whoDidWhat([entry('op-1', act)], nameOf)
    expect(
      told({
        act: 'offered',
        to: { kind: 'team', id: 'soc' },
        until: '2026-11-22T09:00:00Z',
        note: 'yours',
      }),
    ).toBe('Ria: Offered to Security operations: yours')
    expect(
      told({ act: 'offer_ended', to: { kind: 'team', id: 'soc' }, how: 'expired', reason: null }),
    ).toBe('Ria: Nobody accepted in time')
    expect(told({ act: 'woken', why: 'time' })).toBe('Ria: Back in the queue: its time was over')
    expect(told({ act: 'merged_into', incident: 'i-2' })).toBe('Ria: Merged into i-2')
  })
  it('is told the word of an act that is newer than the console', () => {
    const told = whoDidWhat([entry('op-1', { act: 'sent_home', whom: 'everybody' })], nameOf)
    expect(told).toBe('Ria: sent home: everybody')
  })
})

describe('undo', () => {
  const before = incident('a', 'high', 'in_progress')
  it('exists where another act takes the first one back', () => {
    expect(inverse(before, { action: 'assign', to: { kind: 'team', id: 'soc' } })?.act).toEqual({
      action: 'assign',
      to: before.owner,
    })
    expect(inverse(before, { action: 'resolve', disposition: 'test' })?.act.action).toBe('reopen')
  })
  it('does not exist where it would be a lie', () => {
    expect(inverse(before, { action: 'acknowledge' })).toBeUndefined()
    expect(inverse(before, { action: 'comment', text: 'x' })).toBeUndefined()
    expect(inverse(before, { action: 'tick_step', step: 0 })).toBeUndefined()
  })
})
