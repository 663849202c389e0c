import { describe, expect, it } from 'vitest'
import { stepGroups } from './steps'

const step = (text: string, ...rules: string[]) => ({
  text,
  asked_by: rules.map((rule) => ({ rule, title: `Title of ${rule}` })),
})

describe('the procedure of several findings', () => {
  it('keeps each step once, below the finding that asked for it first, with its number', () => {
    const sop = [step('guards', 'blind', 'forced'), step('look', 'forced'), step('plan', 'blind')]
    const groups = stepGroups([...sop, { text: 'by hand' }])
    const shown = groups.map(({ title, steps }) => [
      title,
      ...steps.map(({ step, number }) => [number, step.text]),
    ])
    expect(shown).toEqual([
      ['Title of blind', [0, 'guards'], [2, 'plan']],
      ['Title of forced', [1, 'look']],
      [undefined, [3, 'by hand']],
    ])
  })
})
