import { describe, expect, it } from 'vitest'
import { heldIn, unknownOf, type Explanation, type WhyAnswer } from './why'

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
    { name: 'b', truth: 'false', is_decisive: true, of: 'all', literals: [] },
  ],
}

describe('why a finding stands', () => {
  it('names each condition that held, out of its groups', () => {
    expect(heldIn(told).map(({ asks }) => asks)).toEqual(['activity_id: 2', 'y: 2'])
    expect(heldIn(null)).toEqual([])
  })

  it('says once what nobody knew', () => {
    const answer = {
      finding: { undecided: ['presence of ana', 'castellan.presence.zone: stale'] },
      events: [{ explanation: told }, {}],
    } as unknown as WhyAnswer
    expect(unknownOf(answer)).toEqual(['presence of ana', 'castellan.presence.zone: stale'])
  })
})
