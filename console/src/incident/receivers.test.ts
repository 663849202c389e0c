import { describe, expect, it } from 'vitest'
import type { OperatorName } from '../api/types'
import { receivers, teamReceivers } from './receivers'

const operator = (id: string, everywhere: boolean, ...sites: string[]): OperatorName => ({
  id: `op-${id}`,
  name: id,
  person: id,
  works_everywhere: everywhere,
  works_at: sites,
})

describe('those who may be given an incident', () => {
  const all = [
    operator('administrator', true),
    operator('auditor', false),
    operator('guard at dc', false, 'dc'),
    operator('guard at both', false, 'hq', 'dc'),
  ]
  const names = (...sites: (string | undefined)[]) =>
    receivers(
      all,
      sites.map((site) => ({ site })),
    ).map(({ label }) => label)

  it('may work every one of them, and nobody else is offered', () => {
    expect(names('dc')).toEqual(['administrator', 'guard at both', 'guard at dc'])
    expect(names('hq', 'dc')).toEqual(['administrator', 'guard at both'])
    expect(names(undefined)).toEqual(['administrator'])
  })
  it('are shown with what they are, where, and whether they are there', () => {
    const ria = { ...operator('Ria', false, 'dc'), roles: ['guard'], is_on_duty: true }
    const [first, second] = receivers([operator('Ana', true), ria], [{ site: 'dc' }], () => 'Venlo')
    expect([first!.label, first!.hint]).toEqual(['Ria', 'Guard · Venlo · on duty'])
    expect([second!.label, second!.hint]).toEqual(['Ana', 'Every site · not on duty'])
  })
  it('are teams too; of what must be accepted only those with somebody who may', () => {
    const of = (id: string, there: boolean, ...teams: string[]): OperatorName => ({
      ...operator(id, false, 'dc'),
      teams,
      is_on_duty: there,
    })
    const some = [of('a', true, 'gate'), of('b', false, 'gate'), of('c', true, 'far')]
    const told = (site: string, isOffer: boolean) =>
      teamReceivers(['gate', 'nobody'], some, [{ site }], isOffer).map(
        ({ label, hint }) => `${label}: ${hint}`,
      )
    expect(told('dc', true)).toEqual(['Team gate: 2 who may work it, 1 on duty'])
    expect(told('hq', true)).toEqual([])
    expect(told('dc', false)[1]).toBe('Team nobody: nobody who may work it')
  })
})
