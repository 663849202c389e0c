import type { Plan } from '../../api/types'

type Marks = Plan['marks']

const inside = (value: number): number =>
  Math.min(1, Math.max(0, Math.round(value * 10_000) / 10_000))

/** The marks with one of them elsewhere; never off the plan. */
export const moveMark = (marks: Marks, entity: string, x: number, y: number): Marks =>
  marks.map((mark) => (mark.entity === entity ? { entity, x: inside(x), y: inside(y) } : mark))

/** One more mark, in the middle; each stands on a plan once. */
export const addMark = (marks: Marks, entity: string): Marks =>
  marks.some((mark) => mark.entity === entity) ? marks : [...marks, { entity, x: 0.5, y: 0.5 }]

export const withoutMark = (marks: Marks, entity: string): Marks =>
  marks.filter((mark) => mark.entity !== entity)
