import { describe, expect, it } from 'vitest'
import type { OperatorName } from '../api/types'
import { receivers } from './receivers'

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
})
