import { expect, it } from 'vitest'
import type { DoorState, PlaceItem } from '../../api/types'
import { treeOf, troubles } from './tree'

const place = (id: string, kind: string, parent?: string): PlaceItem => ({
  id,
  kind,
  name: id.toUpperCase(),
  parent,
})
const places = [
  place('eu', 'region'),
  place('hq', 'site', 'eu'),
  place('d1', 'door', 'hq'),
  place('lobby', 'zone', 'hq'),
  place('lost', 'zone', 'nowhere'),
]
const shown = (find = '') =>
  treeOf(places, find).map(({ place: { id }, depth }) => `${depth} ${id}`)

it('goes depth first, zones before doors, and loses nobody without a parent', () => {
  expect(shown()).toEqual(['0 eu', '1 hq', '2 lobby', '2 d1', '0 lost'])
})

it('keeps what holds a hit', () => {
  expect(shown('LOB')).toEqual(['0 eu', '1 hq', '2 lobby'])
  expect(shown('nothing')).toEqual([])
})

it('survives places that hold each other', () => {
  const ring = [place('a', 'zone', 'b'), place('b', 'zone', 'a'), place('c', 'zone')]
  expect(treeOf(ring, '').map((row) => row.place.id)).toEqual(['c'])
})

it('counts troubled doors up the tree', () => {
  const above = (id: string) =>
    id === 'd1' ? places.filter((one) => ['d1', 'hq', 'eu'].includes(one.id)) : []
  const doors = new Map([['d1', { door: 'd1', state: 'forced' } as DoorState]])
  expect(places.map((one) => troubles(one, above, doors))).toEqual([1, 1, 1, 0, 0])
})
