import { describe, expect, it } from 'vitest'
import type { Incident } from '../api/types'
import { endOf, givenBy } from './given'

const me = { operator: 'op-ana', person: 'ana', teams: ['guard'] }
const incident = (id: string, by: string | undefined, ...acts: [string, object][]) =>
  ({
    id,
    handling: by ? { offer: { to: { kind: 'person', id: 'ben' }, by } } : {},
    timeline: acts.map(([who, act]) => ({ at: '1', by: who, act })),
  }) as unknown as Incident

describe('the hand-overs that one has offered', () => {
  it('are those of one’s own that still wait', () => {
    const list = [incident('a', 'op-ana'), incident('b', 'op-cai'), incident('c', undefined)]
    expect([...givenBy(list, me).keys()]).toEqual(['a'])
    expect(givenBy(list, { teams: [] }).size).toBe(0)
  })

  it('end by somebody else’s word, which one is told; one’s own one knows', () => {
    const offered: [string, object] = ['op-ana', { act: 'offered' }]
    const took = incident('a', undefined, offered, ['op-ben', { act: 'owner' }])
    expect(endOf(took, me)).toMatchObject({ how: 'accepted', by: 'op-ben' })
    const no = { act: 'offer_ended', how: 'declined', reason: 'at lunch' }
    const declined = incident('a', undefined, offered, ['op-ben', no])
    expect(endOf(declined, me)).toMatchObject({ how: 'declined', reason: 'at lunch' })
    const late = ['castellan', { act: 'offer_ended', how: 'expired' }] as [string, object]
    expect(endOf(incident('a', undefined, offered, late), me)?.how).toBe('expired')
    const back = ['op-ana', { act: 'offer_ended', how: 'withdrawn' }] as [string, object]
    expect(endOf(incident('a', undefined, offered, back), me)).toBeUndefined()
  })
})
