import { expect, it } from 'vitest'
import { bodyOf, hoursOf, isOverMidnight, kindsIn, missingIn, toggled } from './schedule'
import type { ScheduleItem } from './rights'

const item: ScheduleItem = {
  schedule: 'shifts',
  name: 'Shifts',
  time_zone: 'Europe/Amsterdam',
  windows: [
    { days: ['monday', 'holiday-2'], from: '22:00', to: '06:00' },
    { days: ['sunday'], from: '00:00', to: '24:00' },
  ],
  holidays: [{ date: '2026-12-25', kind: 1 }],
  is_open: false,
}

it('sends back what it was given, unchanged', () => {
  const hours = hoursOf(item, 'UTC')
  expect(missingIn(hours)).toBeUndefined()
  expect(bodyOf(hours)).toEqual({
    name: 'Shifts',
    time_zone: 'Europe/Amsterdam',
    windows: item.windows,
    holidays: item.holidays,
  })
  expect(kindsIn(hours)).toEqual([1, 2])
})

it('says what is missing', () => {
  const hours = hoursOf(undefined, 'UTC')
  expect(missingIn(hours)).toBe('id')
  const named = { ...hours, id: 'night' }
  expect(missingIn(named)).toBeUndefined()
  const window = { days: ['monday'], from: '07:00', to: '19:00' }
  expect(missingIn({ ...named, windows: [{ ...window, days: [] }] })).toBe('days')
  expect(missingIn({ ...named, windows: [{ ...window, to: '25:00' }] })).toBe('time')
  expect(missingIn({ ...named, windows: [{ ...window, from: '24:00' }] })).toBe('time')
  expect(missingIn({ ...named, holidays: [{ date: '', kind: 1 }] })).toBe('date')
})

it('keeps days in their order, and knows a night', () => {
  expect(toggled(['friday', 'holiday-1'], 'monday')).toEqual(['monday', 'friday', 'holiday-1'])
  expect(toggled(['monday', 'friday'], 'monday')).toEqual(['friday'])
  expect(isOverMidnight({ days: [], from: '22:00', to: '06:00' })).toBe(true)
  expect(isOverMidnight({ days: [], from: '00:00', to: '24:00' })).toBe(false)
})
