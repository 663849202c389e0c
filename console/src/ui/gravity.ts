import type { Level } from '../api/types'

/** Gravest first. */
export const LEVELS: readonly Level[] = ['critical', 'high', 'medium', 'low', 'informational']

/** 0 is gravest. */
export function gravity(level: Level): number {
  const found = LEVELS.indexOf(level)
  return found < 0 ? LEVELS.length : found
}
