import { describe, expect, it } from 'vitest'
import type { PersonItem } from '../../api/types'
import { parse } from './filter'
import { finderOf, unclear, withPerson } from './who'

const person = (id: string, name: string | null, number?: string): PersonItem =>
  ({
    id,
    name,
    identifiers: number ? [{ kind: 'employee_number', value: number, overdue: false }] : [],
  }) as unknown as PersonItem

const find = finderOf([
  person('mf2041', 'Casper Nijland', 'E-41'),
  person('mf2003', null, 'E-3'),
  person('mf1', 'Ana Bakker'),
  person('mf2', 'Ana Bakker-Smit'),
])

describe('whom a filter means', () => {
  it('finds people by number, by employee number, and by a name that was shown', () => {
    expect(['mf2003', 'MF2003', 'e-3', 'casper', 'nijland casper'].map((v) => find(v).id)).toEqual([
      'mf2003',
      'mf2003',
      'mf2003',
      'mf2041',
      'mf2041',
    ])
    expect(find('ana bakker').id).toBe('mf1')
    expect(find('bakker').many).toEqual(['mf1', 'mf2'])
  })

  it('says of a hidden name what it says of a name that nobody has', () => {
    const hidden = finderOf([person('mf2041', null)])
    const nobody = finderOf([])
    expect(hidden('casper')).toEqual(nobody('casper'))
    expect(unclear(parse('person:casper since:2h'), hidden)).toHaveLength(1)
  })

  it('asks for the number, and changes no question that has it already', () => {
    const query = { person: 'mf2041', from: 'x' }
    expect(withPerson(query, find)).toBe(query)
    expect(withPerson({ person: 'casper' }, find)).toEqual({ person: 'mf2041' })
    expect(withPerson({}, find)).toEqual({})
  })
})
