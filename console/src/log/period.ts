/** The period that a shift report is about. */
import { momentOf, wallOf } from '../time/zoned'

export type Wanted = { hours: number } | { from: string; to: string }

export interface Period {
  from: string
  to: string
}

export const SHIFTS_H = [8, 12] as const
/** The server reports no longer ones. */
const SPAN_MS_MAX = 31 * 86_400_000
const MINUTE = 60_000

/** From and to as moments; undefined where that is no period, or too long a one. */
export function periodOf(wanted: Wanted, zone: string, now: number): Period | undefined {
  const [from, to] =
    'hours' in wanted
      ? [
          Math.floor(now / MINUTE) * MINUTE - wanted.hours * 3_600_000,
          Math.ceil(now / MINUTE) * MINUTE,
        ]
      : [momentOf(wanted.from, zone), endOf(momentOf(wanted.to, zone), now)]
  if (!(to > from) || to - from > SPAN_MS_MAX) return undefined
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
}

/** The minute that runs is meant whole: what happened in it so far belongs to the report. */
const endOf = (to: number, now: number): number =>
  to <= now && now - to < MINUTE ? to + MINUTE : to

/** A name that sorts, in the site's own time. */
export function reportName(period: Period, site: string | undefined, zone: string): string {
  const wall = (at: string) => wallOf(Date.parse(at), zone).replace('T', '-').replace(':', '')
  return (
    ['shift', site, wall(period.from), 'to', wall(period.to)].filter(Boolean).join('-') + '.pdf'
  )
}
