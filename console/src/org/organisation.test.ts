import { describe, expect, it } from 'vitest'
import type { Organisation } from '../api/types'
import { Directory } from './organisation'

const organisation = {
  places: [{ id: 'hq-west', name: 'Offices west', kind: 'zone' }],
  assets: [
    { id: 'ws-2003', name: 'Workstation 2003', kind: 'workstation' },
    { id: 'cam-1', name: 'Dock camera', kind: 'camera' },
  ],
  doors: [],
  operators: [],
  sites: [],
  teams: [],
} as unknown as Organisation

const directory = new Directory(
  organisation,
  true,
  false,
  new Map([
    ['mf2003', 'Anouk Verbeek'],
    ['20', 'Twenty'],
    ['may', 'May Lee'],
  ]),
)

describe('what people are called', () => {
  it('calls by name whom the operator asked for, and nobody else', () => {
    expect(['person:mf2003', 'person:mf2004'].map(directory.nameOf)).toEqual([
      'Anouk Verbeek',
      'mf2004',
    ])
  })

  it('puts names into a sentence where it says numbers, and leaves plain words alone', () => {
    expect(directory.inWords('mf2003 may be in hq-west for 20 minutes.')).toBe(
      'Anouk Verbeek may be in Offices west for 20 minutes.',
    )
    expect(directory.inWords('may, mf2004', ['person:may'])).toBe('May Lee, mf2004')
  })

  it('says a kind once where the name begins with it', () => {
    expect(directory.inWords('Log-on at the workstation ws-2003.')).toBe(
      'Log-on at the workstation 2003.',
    )
    expect(directory.inWords('ws-2003 and the camera cam-1')).toBe(
      'Workstation 2003 and the camera Dock camera',
    )
  })
})
