/** Limits, and how near each is. */

export interface LimitItem {
  name: string
  unit: string
  max: number
  used?: number | null
  meaning: string
}

/** From 0 to 1; undefined where nothing is measured. */
export const share = ({ used, max }: LimitItem): number | undefined =>
  used === null || used === undefined || max <= 0 ? undefined : Math.min(1, used / max)

export type Tone = 'good' | 'warn' | 'bad'
export const toneOf = (part: number): Tone => (part >= 0.9 ? 'bad' : part >= 0.7 ? 'warn' : 'good')

/** The nearest to its limit first; what is not measured last. */
export const nearest = (list: readonly LimitItem[]): LimitItem[] =>
  [...list].sort((a, b) => (share(b) ?? -1) - (share(a) ?? -1) || a.name.localeCompare(b.name))

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** A value in its unit, as people read it. */
export function valueText(value: number, unit: string): string {
  if (unit === 'bytes') {
    const step =
      value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(value) / Math.log(1_024)))
    const scaled = value / 1_024 ** step
    return `${scaled >= 100 || Number.isInteger(scaled) ? Math.round(scaled) : scaled.toFixed(1)} ${UNITS[step]}`
  }
  if (unit === 'ms') {
    const steps: [number, string][] = [
      [86_400_000, 'd'],
      [3_600_000, 'h'],
      [60_000, 'min'],
      [1_000, 's'],
    ]
    const step = steps.find(([size]) => value >= size && value % size === 0)
    return step ? `${value / step[0]} ${step[1]}` : `${value.toLocaleString('en-GB')} ms`
  }
  return `${value.toLocaleString('en-GB')} ${unit.replaceAll('_', ' ')}`
}

export function shareText(limit: LimitItem): string {
  const part = share(limit)
  if (part === undefined) return ''
  return part > 0 && part < 0.01 ? '< 1 %' : `${Math.round(part * 100)} %`
}
