import { describe, expect, it } from 'vitest'
import { incident as sample } from '../incident/sample'
import { incidentOf, shownOf, type Refusal } from './refusals'

const now = Date.parse('2026-11-22T14:10:00Z')
const at = (minutes: number, record: number): Refusal => ({
  at: new Date(now - minutes * 60_000).toISOString(),
  door: 'd-lobby',
  record,
  part: 0,
  person: { id: 'p-1', name: 'Ana', photo: false },
})
const records = (list: Refusal[]) => list.map((one) => one.record)

describe('refused badges at the desk', () => {
  it('are the newest first, each once, without those put away and those long ago', () => {
    const list = [at(3, 1), at(1, 2), at(1, 2), at(2, 3), at(11, 4)]
    expect(records(shownOf(list, new Set(['3.0']), now, 600_000))).toEqual([2, 1])
  })
  it('lead to the incident that rests on them before one that is merely about the same', () => {
    const near = sample('near', 'medium', 'new', { entities: ['place:d-lobby', 'person:p-1'] })
    const own = sample('own', 'medium', 'new', { evidence: [{ record: 7, class_uid: 1 } as never] })
    expect(incidentOf(at(1, 7), [near, own])?.id).toBe('own')
    expect(incidentOf(at(1, 8), [near, own])?.id).toBe('near')
    expect(incidentOf({ ...at(1, 8), person: null }, [near])).toBeUndefined()
  })
})
