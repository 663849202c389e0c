import { describe, expect, it } from 'vitest'
import { isMine, isOfferedTo } from './filter'
import { advance, byUrgency, NO_QUEUE, offeredFirst, step } from './queue'
import { incident } from './sample'

describe('the order of the queue', () => {
  it('puts the gravest first, then those nobody answers to, then the newest', () => {
    const list = [
      incident('old-low', 'low', 'new', { opened_at: '2026-11-22T08:00:00Z' }),
      incident('taken-high', 'high', 'acknowledged', { opened_at: '2026-11-22T08:00:09Z' }),
      incident('new-high', 'high', 'new', { opened_at: '2026-11-22T08:00:01Z' }),
      incident('newer-high', 'high', 'new', { opened_at: '2026-11-22T08:00:02Z' }),
      incident('critical', 'critical', 'in_progress', { opened_at: '2026-11-22T07:00:00Z' }),
    ]
    expect([...list].sort(byUrgency).map((i) => i.id)).toEqual([
      'critical',
      'newer-high',
      'new-high',
      'taken-high',
      'old-low',
    ])
  })
})

describe('a hand-over', () => {
  const offer = (kind: 'team' | 'person', id: string, by = 'op-ana') => ({
    handling: {
      offer: { to: { kind, id }, by, at: '2026-11-22T08:00:00Z', until: '2026-11-22T08:15:00Z' },
    },
    owner: { kind: 'person' as const, id: 'ana' },
  })
  const ben = { operator: 'op-ben', person: 'ben', teams: ['guard'] }
  const given = incident('given', 'low', 'acknowledged', offer('person', 'ben'))

  it("is its receiver's and nobody else's, and is seen among theirs", () => {
    expect(isOfferedTo(given, ben)).toBe(true)
    expect(isMine(given, ben)).toBe(true)
    expect(isOfferedTo(given, { person: 'cai', teams: ['guard'] })).toBe(false)
    expect(isOfferedTo({ ...given, state: 'resolved' }, ben)).toBe(false)
  })

  it("to a team is everybody's of it but who offers", () => {
    const toTeam = incident('t', 'low', 'acknowledged', offer('team', 'guard'))
    expect(isOfferedTo(toTeam, ben)).toBe(true)
    expect(isOfferedTo(toTeam, { operator: 'op-ana', person: 'ana', teams: ['guard'] })).toBe(false)
    expect(isOfferedTo(toTeam, { operator: 'op-cai', person: 'cai', teams: ['soc'] })).toBe(false)
  })

  it('stands on top of what is mine, however grave the rest is', () => {
    const list = [incident('grave', 'critical'), given]
    const order = advance(
      NO_QUEUE,
      list,
      undefined,
      offeredFirst((one) => isOfferedTo(one, ben)),
    ).order
    expect(order).toEqual(['given', 'grave'])
  })
})

describe('new arrivals', () => {
  const two = [incident('a', 'high'), incident('b', 'low')]
  const before = advance(NO_QUEUE, two, undefined)
  const grave = incident('c', 'critical')
  const full = (...rows: string[]) => ({ rows, room: 0 })

  it('do not move a row that is held in a full view, however grave they are', () => {
    const held = advance(before, [grave, ...two], full('a'))
    expect(held).toEqual({ order: ['a', 'b'], arrived: ['c'], aside: [] })
  })

  it('stand below, where there is room in the view, rather than be hidden', () => {
    const held = advance(before, [grave, ...two], { rows: ['b'], room: 3 })
    expect(held).toEqual({ order: ['a', 'b', 'c'], arrived: [], aside: ['c'] })
    const [later, more] = [incident('d', 'critical'), incident('e', 'critical')]
    const wanted = [grave, ...two, later, more]
    // Room for one: the gravest of two, the newer one, takes it; nobody's row moves.
    const next = advance(held, wanted, { rows: ['b'], room: 1 })
    expect(next).toEqual({ order: ['a', 'b', 'c', 'e'], arrived: ['d'], aside: ['c', 'e'] })
    const sorted = advance(next, wanted, undefined)
    expect(sorted).toEqual({ order: ['e', 'd', 'c', 'a', 'b'], arrived: [], aside: [] })
  })

  it('take their place at once below what is held, in a full view too', () => {
    const medium = incident('m', 'medium')
    const held = advance(before, [...two, medium], full('a'))
    expect(held).toEqual({ order: ['a', 'm', 'b'], arrived: [], aside: [] })
    expect(advance(before, [...two, medium], full('b')).arrived).toEqual(['m'])
    // Of a cursor above and a pointer below, the lower one counts.
    expect(advance(before, [...two, medium], full('a', 'b')).arrived).toEqual(['m'])
    const after = advance(advance(before, [grave, ...two], { rows: ['a'], room: 1 }), [
      grave,
      ...two,
      medium,
    ], full('a'))
    expect(after.order).toEqual(['a', 'm', 'b', 'c'])
  })

  it('take their place where nothing that is held is in the list', () => {
    expect(advance(before, [grave, ...two], full('z')).order).toEqual(['c', 'a', 'b'])
    expect(advance(before, [grave, ...two], full()).order).toEqual(['c', 'a', 'b'])
  })

  it('take their place once they are let in', () => {
    const now = [grave, ...two]
    const let_in = advance(advance(before, now, full('a')), now, undefined)
    expect(let_in).toEqual({ order: ['c', 'a', 'b'], arrived: [], aside: [] })
  })

  it('do not make a row that is done vanish from under the cursor', () => {
    const held = advance(before, [incident('b', 'low')], full('a'))
    expect(held.order).toEqual(['a', 'b'])
  })

  it('fill an empty queue at once, cursor or not', () => {
    expect(advance(NO_QUEUE, [incident('a')], full('a')).order).toEqual(['a'])
  })

  it('change nothing when nothing is new, so that nothing renders again', () => {
    for (const hold of [full('a'), { rows: ['b'], room: 4 }]) {
      const once = advance(before, [grave, ...two], hold)
      expect(advance(once, [grave, ...two], hold)).toBe(once)
    }
  })
})

describe('j and k', () => {
  it('stay within the list and begin at its ends', () => {
    const order = ['a', 'b', 'c']
    expect(step(order, undefined, 1)).toBe('a')
    expect(step(order, undefined, -1)).toBe('c')
    expect(step(order, 'b', 1)).toBe('c')
    expect(step(order, 'c', 1)).toBe('c')
    expect(step(order, 'gone', 1)).toBe('a')
    expect(step([], 'a', 1)).toBeUndefined()
  })
})
