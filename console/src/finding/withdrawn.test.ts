import { describe, expect, it } from 'vitest'
import { areAllWithdrawn } from './withdrawn'

const line = (act: string, finding: string) => ({
  at: '2026-11-23T09:00:00Z',
  by: 'castellan',
  act: { act, finding },
})

describe('an incident whose findings were withdrawn', () => {
  it('says so when none is left, and not before', () => {
    const timeline = [line('opened', 'f1'), line('folded', 'f2'), line('finding_withdrawn', 'f1')]
    expect(areAllWithdrawn({ findings: ['f1', 'f2'], timeline })).toBe(false)
    const all = [...timeline, line('finding_withdrawn', 'f2')]
    expect(areAllWithdrawn({ findings: ['f1', 'f2'], timeline: all })).toBe(true)
  })

  it('does not speak of one that was opened by hand', () => {
    expect(areAllWithdrawn({ findings: [], timeline: [] })).toBe(false)
  })
})
