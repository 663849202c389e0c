import { describe, expect, it } from 'vitest'
import type { Organisation } from '../api/types'
import { Directory } from '../org/organisation'
import { callerName, callPlace } from './calls'
import { incident } from './sample'

const organisation = (places: [string, string][], operators: [string, string][]): Organisation => ({
  tenant: 'main',
  name: '',
  sites: [],
  places: places.map(([id, name]) => ({ id, name, kind: 'site' })) as Organisation['places'],
  doors: [],
  assets: [],
  teams: [],
  operators: operators.map(([id, name]) => ({
    id,
    name,
    works_everywhere: false,
    works_at: [],
  })) as Organisation['operators'],
  version: '',
})
const nobody = new Directory(organisation([], []), true)
const all = new Directory(
  organisation(
    [
      ['hq', 'Head office'],
      ['hq-lobby', 'Lobby'],
    ],
    [['op-ria', 'Ria']],
  ),
  true,
)
const call = (title: string, entities: string[]) =>
  incident('call', 'critical', 'new', {
    title,
    entities,
    handling: { call: { by: 'op-ria', at: '2026-11-22T14:00:00Z' } },
  })

describe('a call for help in names', () => {
  const known = call('Panic: Ria, Lobby, Head office', ['place:hq-lobby'])
  const unknown = call('Panic: Ria, place unknown, belongs to Head office', ['person:p-7'])
  it('says where, by the directory or by its own title', () => {
    expect(callPlace(known, all)).toBe('At Lobby, Head office')
    expect(callPlace(known, nobody)).toBe('At Lobby, Head office')
    expect(callerName(known, nobody)).toBe('Ria')
  })
  it('never takes where somebody belongs for where they are', () => {
    expect(callPlace(unknown, all)).toBe('Where is not known; belongs to Head office')
    expect(callPlace(unknown, nobody)).toBe('Where is not known; belongs to Head office')
    expect(callPlace({ ...unknown, site: undefined }, all)).toBe('Where is not known')
  })
})
