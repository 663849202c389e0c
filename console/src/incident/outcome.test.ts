import { describe, expect, it } from 'vitest'
import type { Incident } from '../api/types'
import { outcomeOf } from './outcome'

const state = (at: string, from: string, to: string, by = 'op-1') => ({
  at,
  by,
  act: { act: 'state', from, to },
})
const said = (disposition: string, reason?: string) => ({
  at: '2',
  by: 'op-1',
  act: { act: 'disposition', disposition, reason },
})
const incident = (now: string, timeline: unknown[], disposition?: string) =>
  ({ state: now, timeline, disposition }) as unknown as Incident

describe('what became of an incident', () => {
  it('is who, when, what and the note, and filing it changes none of that', () => {
    const resolved = [said('false_positive', 'a cat'), state('2', 'new', 'resolved')]
    const told = { at: '2', by: 'op-1', disposition: 'false_positive', note: 'a cat' }
    expect(outcomeOf(incident('resolved', resolved, 'false_positive'))).toEqual(told)
    const filed = [...resolved, state('9', 'resolved', 'closed', 'op-2')]
    expect(outcomeOf(incident('closed', filed, 'false_positive'))).toEqual(told)
  })

  it('is nothing while it is open, and the last word where it was opened again', () => {
    const again = [
      said('test'),
      state('2', 'new', 'resolved'),
      state('3', 'resolved', 'in_progress'),
    ]
    expect(outcomeOf(incident('in_progress', again))).toBeUndefined()
    const done = [...again, said('true_positive', 'a thief'), state('5', 'in_progress', 'resolved')]
    expect(outcomeOf(incident('resolved', done))).toMatchObject({ at: '5', note: 'a thief' })
  })
})
