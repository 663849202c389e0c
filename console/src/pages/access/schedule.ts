/** Hours as they are edited: wall-clock times of a zone, on days of the week and kinds of holidays. */
import type { ScheduleItem, ScheduleWindow } from './rights'

export const WEEK = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const
export const HOLIDAY_KINDS = [1, 2, 3, 4, 5, 6, 7, 8] as const
/** As many as the server takes. SOURCE: crates/access/src/door/schedule.rs */
export const WINDOWS_MAX = 64

export interface Holiday {
  date: string
  kind: number
}

export interface Hours {
  id: string
  name: string
  time_zone: string
  windows: readonly ScheduleWindow[]
  holidays: readonly Holiday[]
}

/** The hours of the working week, until somebody says otherwise. */
const NEW_WINDOW: ScheduleWindow = { days: WEEK.slice(0, 5), from: '07:00', to: '19:00' }

export const hoursOf = (item: ScheduleItem | undefined, time_zone: string): Hours => ({
  id: item?.schedule ?? '',
  name: item?.name ?? '',
  time_zone: item?.time_zone ?? time_zone,
  windows: item?.windows ?? [NEW_WINDOW],
  holidays: item?.holidays ?? [],
})

/** What the server is told. */
export const bodyOf = ({ name, time_zone, windows, holidays }: Hours) => ({
  name: name.trim() || undefined,
  time_zone,
  windows,
  holidays,
})

const ID = /^[a-z0-9][a-z0-9._-]{0,63}$/
const DATE = /^\d{4}-\d{2}-\d{2}$/

/** A time of the day such as 07:30; 24:00 ends one. */
export const isTime = (text: string): boolean => /^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(text)

/** What is still missing before these hours can be tried. */
export function missingIn(hours: Hours): 'id' | 'days' | 'time' | 'date' | undefined {
  if (!ID.test(hours.id)) return 'id'
  if (hours.windows.some(({ days }) => days.length === 0)) return 'days'
  if (hours.windows.some(({ from, to }) => !isTime(from) || from === '24:00' || !isTime(to))) {
    return 'time'
  }
  return hours.holidays.every(({ date }) => DATE.test(date)) ? undefined : 'date'
}

/** The days in the order of the week with one more, or one less. */
export function toggled(days: readonly string[], day: string): string[] {
  const all: readonly string[] = [...WEEK, ...HOLIDAY_KINDS.map((kind) => `holiday-${kind}`)]
  const now = days.includes(day) ? days.filter((one) => one !== day) : [...days, day]
  return all.filter((one) => now.includes(one))
}

/** Kinds of holidays that these hours know: those that have a date, or hours of their own. */
export const kindsIn = ({ windows, holidays }: Hours): number[] =>
  HOLIDAY_KINDS.filter(
    (kind) =>
      holidays.some((one) => one.kind === kind) ||
      windows.some(({ days }) => days.includes(`holiday-${kind}`)),
  )

/** Whether it ends on the next day. */
export const isOverMidnight = ({ from, to }: ScheduleWindow): boolean =>
  isTime(from) && isTime(to) && to <= from

export const addWindow = (hours: Hours): Hours => ({
  ...hours,
  windows: [...hours.windows, NEW_WINDOW],
})
