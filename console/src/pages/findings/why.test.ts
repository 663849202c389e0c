import { describe, expect, it } from 'vitest'
import { excludedIn, heldIn, isItself, unknownOf, type Explanation, type WhyAnswer } from './why'

const told: Explanation = {
  rule: 'r',
  title: 'R',
  outcome: 'matches',
  because: '',
  conditions: ['a and not b'],
  unknown: ['castellan.presence.zone: stale'],
  parts: [
    {
      name: 'a',
      truth: 'true',
      is_decisive: true,
      of: 'all',
      literals: [
        { asks: 'activity_id: 2', field: 'activity_id', saw: '2', truth: 'true' },
        {
          asks: 'one of 2',
          truth: 'true',
          of: 'any',
          members: [
            { asks: 'x: 1', truth: 'false' },
            { asks: 'y: 2', truth: 'true' },
          ],
        },
      ],
    },
    {
      name: 'b',
      truth: 'false',
      is_decisive: true,
      of: 'all',
      literals: [{ asks: 'zone|fieldref: other', saw: 'east', truth: 'false' }],
    },
    {
      name: 'c',
      truth: 'false',
      is_decisive: false,
      of: 'all',
      literals: [{ asks: 'z: 3', truth: 'false' }],
    },
  ],
}

describe('why a finding stands', () => {
  it('names each condition that held, out of its groups', () => {
    expect(heldIn(told).map(({ asks }) => asks)).toEqual(['activity_id: 2', 'y: 2'])
    expect(heldIn(null)).toEqual([])
  })

  it('names what had to be absent, where the verdict hangs on it', () => {
    expect(excludedIn(told).map(({ name }) => name)).toEqual(['b'])
    expect(excludedIn({ ...told, outcome: 'does_not_match' })).toEqual([])
    expect(excludedIn(undefined)).toEqual([])
  })

  it('knows an identifier that is the thing itself', () => {
    expect(isItself('Side Door', 'place:dock-4', 'Side Door')).toBe(true)
    expect(isItself('dock-4', 'place:dock-4', 'Side Door')).toBe(true)
    expect(isItself('reader-4', 'place:dock-4', 'Side Door')).toBe(false)
    expect(isItself('ana', 'person:ana', 'Ana')).toBe(false)
  })

  it('says once what nobody knew', () => {
    const answer = {
      finding: { undecided: ['presence of ana', 'castellan.presence.zone: stale'] },
      events: [{ explanation: told }, {}],
    } as unknown as WhyAnswer
    expect(unknownOf(answer)).toEqual(['presence of ana', 'castellan.presence.zone: stale'])
  })
})
