import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { SessionAnswer } from '../api/types'
import { incident } from '../incident/sample'

const kept = new Map<string, string>()
vi.stubGlobal('localStorage', {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => kept.set(key, value),
})

const operator: SessionAnswer = {
  operator: { id: 'op-ria', name: 'Ria', person: 'p-7', teams: [] },
  roles: [],
  rights: {},
  csrf: '',
}
const calledBy = (by: string, more = {}) =>
  incident(`call-${by}`, 'critical', 'new', {
    handling: { call: { by, at: '2026-11-22T14:00:00Z' } },
    reason_owed: true,
    ...more,
  })

describe('a silent call for help', () => {
  let parts: typeof import('./raised') & typeof import('../live/incidents')
  beforeAll(async () => {
    parts = { ...(await import('./raised')), ...(await import('../live/incidents')) }
    const { session } = await import('../session/session')
    session.set({ state: 'in', session: operator })
  })

  it('is neither seen nor heard on the screen of the one who called', () => {
    const me = [operator.operator.id, operator.operator.person]
    expect(parts.isOwnCall(calledBy('op-ria'), me)).toBe(true)
    expect(parts.isOwnCall(calledBy('op-frans'), me)).toBe(false)
    parts.takeIncident(calledBy('op-ria'))
    parts.takeIncident(calledBy('op-frans'))
    parts.hideWhere((one) => parts.isOwnCall(one, me))
    const { byId, unseen } = parts.incidents.get()
    expect([...byId.keys()]).toEqual(['call-op-frans'])
    expect(unseen.map(({ id }) => id)).toEqual(['call-op-ria'])
  })
  it('comes into sight once its reason is given, and still does not sound', () => {
    const me = [operator.operator.id, operator.operator.person]
    const explained = calledBy('op-ria', { reason_owed: undefined, version: 2 })
    expect(parts.isOwnCall(explained, me)).toBe(false)
    expect(parts.isMine(explained, me)).toBe(true)
  })
})
