/** The question as the address holds it: moments, each with a place and an event where known. */
import type { EventItem } from '../../api/types'
import { eventKey, placeOf } from '../../event/describe'
import { momentOf, wallOf } from '../../time/zoned'

export interface Moment {
  /** ISO, UTC. */
  time: string
  place?: string
  /** `record.part` of the event that it was made from. */
  event?: string
}

/** No more are asked about at once. */
export const MOMENTS_MAX = 50

const FORM = /^(\d{4}-\d{2}-\d{2}T[\d:.]+Z)(?:@([a-z0-9][a-z0-9._-]{0,63}))?(?:!(\d+\.\d+))?$/

/** Moments out of an address; what is none is left out. */
export function readMoments(text: string | undefined): Moment[] {
  return (text ?? '')
    .split(',')
    .flatMap((one) => {
      const [, time, place, event] = FORM.exec(one) ?? []
      return time && !Number.isNaN(Date.parse(time)) ? [{ time, place, event }] : []
    })
    .slice(0, MOMENTS_MAX)
}

export const writeMoments = (moments: readonly Moment[]): string =>
  moments
    .map(({ time, place, event }) => time + (place ? `@${place}` : '') + (event ? `!${event}` : ''))
    .join(',')

/** The moments of events; each record once, in order of time. */
export function momentsOf(items: readonly EventItem[]): Moment[] {
  const all = new Map(
    items.map((item) => [
      item.record,
      { time: item.time, place: placeOf(item.event), event: eventKey(item) },
    ]),
  )
  return [...all.values()]
    .sort((a, b) => Date.parse(a.time) - Date.parse(b.time))
    .slice(0, MOMENTS_MAX)
}

/** The question about these, as its page's address holds it. */
export const askAbout = (moments: readonly Moment[]) => ({ at: writeMoments(moments) })

const SECOND = 1_000

/** What a field for date and time holds, to the second. */
export function wallOfMoment(time: string, zone: string): string {
  const ms = Date.parse(time)
  const seconds = String(Math.floor(ms / SECOND) % 60).padStart(2, '0')
  return `${wallOf(ms, zone)}:${seconds}`
}

/** The moment that such a field means; undefined where it means none. */
export function timeOfWall(wall: string, zone: string): string | undefined {
  const ms = momentOf(wall, zone) + Number(wall.slice(17, 19) || 0) * SECOND
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}

/** As the server is asked. An event says for itself where it was, unless somebody says otherwise. */
export const asked = (moments: readonly Moment[]) =>
  moments.map(({ time, place, event }) => {
    const [record, part] = (event ?? '').split('.').map(Number)
    return { time, place, event: event ? { record, part } : undefined }
  })
