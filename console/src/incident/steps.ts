/** A procedure of several findings, each step below the finding that asked for it first. */
import type { SopStep } from '../api/types'

export interface StepGroup {
  /** What the finding says; none for steps that a person wrote. */
  title?: string
  steps: { step: SopStep; /** From 0, as the server counts them. */ number: number }[]
}

export function stepGroups(sop: readonly SopStep[]): StepGroup[] {
  const groups = new Map<string, StepGroup>()
  sop.forEach((step, number) => {
    const asker = step.asked_by?.[0]
    const key = asker?.rule ?? ''
    const group = groups.get(key) ?? { title: asker?.title, steps: [] }
    group.steps.push({ step, number })
    groups.set(key, group)
  })
  return [...groups.values()]
}
