import { describe, expect, it } from 'vitest'
import type { AssetItem, Incident, ThingState } from '../api/types'
import { lostOf } from './lost'

const assets: Record<string, string> = { 'dock-camera': 'camera', 'dock-sensor': 'sensor' }
const directory = {
  asset: (id: string) => ({ id, kind: assets[id] }) as unknown as AssetItem,
}
const incident = (state: string, rules = ['device-lost'], entities = ['asset:dock-camera']) =>
  ({ state, rules, entities }) as unknown as Incident
const said = (state: 'up' | 'lost') =>
  new Map([['dock-camera', { asset: 'dock-camera', state, since: '' } as ThingState]])
const lost = (...asked: Parameters<typeof lostOf>) => [...lostOf(...asked)]

describe('what has lost its link', () => {
  it('is told by its own last word, whatever became of the incident', () => {
    expect(lost(said('lost'), [incident('resolved')], directory)).toEqual(['asset:dock-camera'])
    expect(lost(said('lost'), [], directory)).toEqual(['asset:dock-camera'])
    expect(lost(said('up'), [incident('new')], directory)).toEqual([])
  })

  it('is told by open incidents where nothing was heard of it yet', () => {
    const both = ['asset:dock-camera', 'asset:dock-sensor', 'place:dock']
    expect(lost(undefined, [incident('new')], directory)).toEqual(['asset:dock-camera'])
    expect(lost(new Map(), [incident('resolved')], directory)).toEqual([])
    const more = incident('new', ['device-lost', 'door-forced'], both)
    expect(lost(new Map(), [more], directory)).toEqual(['asset:dock-camera'])
  })
})
