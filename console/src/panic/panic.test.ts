import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { SessionAnswer } from '../api/types'
import { isMine } from '../incident/filter'
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
    parts.maskWith((one) =>
      parts.isOwnCall(one, me) ? parts.masked(one, operator.operator) : undefined,
    )
    const { byId, unseen } = parts.incidents.get()
    expect(unseen.map(({ id }) => id)).toEqual(['call-op-ria'])
    const seen = byId.get('call-op-ria')!
    expect([seen.title, seen.level, seen.state]).toEqual([
      'Report to complete',
      'informational',
      'acknowledged',
    ])
    expect(isMine(seen, { person: 'p-7', teams: [] })).toBe(true)
    expect(JSON.stringify(seen)).not.toMatch(/critical|panic|help|2026-11-22T14/i)
    expect(byId.get('call-op-frans')?.level).toBe('critical')
  })
  it('is answered once somebody else has looked since its last press', () => {
    const act = (by: string, at: string) => ({ by, at, act: { act: 'comment' } })
    const again = (timeline: ReturnType<typeof act>[]) =>
      calledBy('op-ria', {
        state: 'acknowledged',
        timeline,
        handling: {
          call: {
            by: 'op-ria',
            at: '2026-11-22T14:00:00Z',
            again: ['2026-11-22T14:05:00Z'],
          },
        },
      })
    const early = act('op-frans', '2026-11-22T14:01:00Z')
    const own = act('op-ria', '2026-11-22T14:05:00Z')
    const ours = act('castellan', '2026-11-22T14:06:00Z')
    expect(parts.isUnheard(calledBy('op-ria'))).toBe(true)
    expect(parts.isUnheard(again([early, own, ours]))).toBe(true)
    const late = act('op-frans', '2026-11-22T14:07:00Z')
    expect(parts.isUnheard(again([early, own, late]))).toBe(false)
    expect(parts.heardBy(again([early, late]))?.at).toBe(late.at)
    expect(parts.isUnheard({ ...again([]), state: 'resolved' })).toBe(false)
  })
  it('is joined by a press within ten minutes of the last one', () => {
    const at = (text: string) => Date.parse(text)
    const list = [calledBy('op-ria')]
    expect(parts.joined(list, at('2026-11-22T14:09:59Z'))?.id).toBe('call-op-ria')
    expect(parts.joined(list, at('2026-11-22T14:10:00Z'))).toBeUndefined()
  })
  it('comes into sight once its reason is given, and still does not sound', () => {
    const me = [operator.operator.id, operator.operator.person]
    const explained = calledBy('op-ria', { reason_owed: undefined, version: 2 })
    expect(parts.isOwnCall(explained, me)).toBe(false)
    expect(parts.isMine(explained, me)).toBe(true)
  })
})
