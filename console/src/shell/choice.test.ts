import { describe, expect, it } from 'vitest'
import { groupOptions, onEnter, soughtOf, stepped, type Moment, type Sought } from './choice'

const option = (group: string, label: string, hint = ''): Sought => ({
  key: `${group}:${label}`,
  group,
  label,
  sought: soughtOf(hint),
})
const all = [
  option('pages', 'People'),
  option('incidents', 'Door held: Peace palace'),
  option('people', 'Pearl Hendrix'),
  option('people', 'Opal Peart'),
]
const labels = (text: string) =>
  groupOptions(all, text, 5).map(([group, list]) => [group, ...list.map(({ label }) => label)])

describe('the palette', () => {
  it('puts the best hit on top, whatever its group', () => {
    expect(labels('pea')).toEqual([
      ['people', 'Pearl Hendrix', 'Opal Peart'],
      ['incidents', 'Door held: Peace palace'],
    ])
    expect(labels('peace')[0]).toEqual(['incidents', 'Door held: Peace palace'])
    expect(labels('')[0]).toEqual(['pages', 'People'])
    expect(labels('nobody')).toEqual([])
  })
  it('finds by the site and the number too, but only by how their words begin', () => {
    const rooms = [option('places', 'Board room', 'Headquarters Utrecht place:hq-b.12')]
    const hits = (text: string) => groupOptions(rooms, text, 5).length
    expect([hits('utr'), hits('hq-b'), hits('board hq'), hits('12')]).toEqual([1, 1, 1, 1])
    expect(hits('rec')).toBe(0)
  })
  it('wraps round at both ends', () => {
    expect(stepped(all, undefined, 1)).toBe('pages:People')
    expect(stepped(all, undefined, -1)).toBe('people:Opal Peart')
    expect(stepped(all, 'people:Opal Peart', 1)).toBe('pages:People')
    expect(stepped([], 'pages:People', 1)).toBeUndefined()
  })
})

describe('Enter', () => {
  const now = (change: Partial<Moment<Sought>>): Moment<Sought> => ({
    text: 'pea',
    found: [all[2]!, all[1]!],
    chosen: undefined,
    isSearching: false,
    ...change,
  })
  it('opens the best hit of a search that has ended', () => {
    expect(onEnter(now({}), false)).toEqual({ open: all[2] })
  })
  it('waits while results arrive, and then opens the best of them', () => {
    const early = now({ found: [all[1]!], isSearching: true })
    expect(onEnter(early, false)).toBe('wait')
    expect(onEnter({ ...early, found: [all[2]!, all[1]!], isSearching: false }, false)).toEqual({
      open: all[2],
    })
  })
  it('waits when nothing is found yet, and does not wait for ever', () => {
    const empty = now({ found: [], isSearching: true })
    expect(onEnter(empty, false)).toBe('wait')
    expect(onEnter(empty, true)).toBe('nothing')
    expect(onEnter(now({ isSearching: true }), true)).toEqual({ open: all[2] })
  })
  it('does not wait for what cannot be better than the very words', () => {
    const exact = now({ text: ' people', found: [all[0]!], isSearching: true })
    expect(onEnter(exact, false)).toEqual({ open: all[0] })
  })
  it('opens what the arrows chose, however much is still to come', () => {
    expect(onEnter(now({ chosen: all[1]!.key, isSearching: true }), false)).toEqual({
      open: all[1],
    })
  })
})
