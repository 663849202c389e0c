import { ActionIcon, Button, Select, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { call } from '../../api/client'
import { useDirectory } from '../../org/organisation'
import { t } from '../../text'
import { serverNow } from '../../time/clock'
import { dateOf } from '../../time/format'
import { nextClockChange } from '../../time/zoned'
import { ChangeDialog } from './ChangeDialog'
import type { Change, ScheduleItem } from './rights'
import {
  addWindow,
  bodyOf,
  HOLIDAY_KINDS,
  hoursOf,
  isOverMidnight,
  kindsIn,
  missingIn,
  toggled,
  WEEK,
  WINDOWS_MAX,
  type Holiday,
  type Hours,
} from './schedule'
import { dayWord } from './Schedules'
import { WhatIfPane } from './WhatIf'
import css from './access.module.css'

interface Props {
  /** The one that is changed; a new one, if absent. */
  item?: ScheduleItem
  close: () => void
}

const WIDTH = 640

/** Weekly hours with their holidays, tried against past requests before they count. */
export function ScheduleDialog({ item, close }: Props) {
  const directory = useDirectory()
  const [hours, setHours] = useState(() =>
    hoursOf(item, directory.organisation.time_zone ?? 'UTC'),
  )
  const [tried, setTried] = useState<Hours>()
  const put = (part: Partial<Hours>) => setHours((before) => ({ ...before, ...part }))
  const missing = missingIn(hours)
  return (
    <ChangeDialog
      label={t(item ? 'access.change_hours' : 'access.add_hours')}
      of={item?.name ?? item?.schedule}
      width={WIDTH}
      isHarmless
      isReady={!missing}
      close={close}
      change={(reason) =>
        call<Change>('PUT', `/v1/access/schedules/${encodeURIComponent(hours.id)}`, {
          json: { ...bodyOf(hours), reason },
        })
      }
    >
      {!item && (
        <TextInput
          label={t('access.hours_id')}
          description={t('access.point_hint')}
          value={hours.id}
          maxLength={64}
          data-autofocus
          onChange={(event) => put({ id: event.currentTarget.value.trim() })}
        />
      )}
      <div className={css.pair}>
        <TextInput
          label={t('access.name')}
          value={hours.name}
          maxLength={120}
          onChange={(event) => put({ name: event.currentTarget.value })}
        />
        <Zone zone={hours.time_zone} set={(time_zone) => put({ time_zone })} />
      </div>
      <ClockNote zone={hours.time_zone} />
      <Windows hours={hours} setHours={setHours} />
      <Holidays list={hours.holidays} change={(holidays) => put({ holidays })} />
      <div className={css.tryIt}>
        <Button
          variant="default"
          size="compact-sm"
          disabled={missing !== undefined}
          onClick={() => setTried(hours)}
        >
          {t('access.what_if')}
        </Button>
      </div>
      {tried && (
        <WhatIfPane
          key={JSON.stringify(tried)}
          draft={{ schedules: [{ schedule: tried.id, ...bodyOf({ ...tried, name: '' }) }] }}
          close={() => setTried(undefined)}
        />
      )}
    </ChangeDialog>
  )
}

function Zone({ zone, set }: { zone: string; set: (zone: string) => void }) {
  const known = useMemo(() => [...new Set([zone, ...Intl.supportedValuesOf('timeZone')])], [zone])
  return (
    <Select
      label={t('access.time_zone')}
      value={zone}
      allowDeselect={false}
      searchable
      limit={60}
      onChange={(value) => value && set(value)}
      data={known}
    />
  )
}

/** When the zone's clock is next changed, and what that means for hours. */
function ClockNote({ zone }: { zone: string }) {
  const change = useMemo(() => nextClockChange(zone, serverNow()), [zone])
  return (
    <p className={css.note}>
      {change
        ? t(change.after > change.before ? 'access.clock_forward' : 'access.clock_back', {
            date: dateOf(change.at, zone),
            before: change.before,
            after: change.after,
          })
        : t('access.clock_steady', { zone })}
    </p>
  )
}

interface WindowsProps {
  hours: Hours
  setHours: (change: (before: Hours) => Hours) => void
}

function Windows({ hours, setHours }: WindowsProps) {
  const put = (at: number, part: Partial<Hours['windows'][number]>) =>
    setHours((before) => ({
      ...before,
      windows: before.windows.map((one, index) => (index === at ? { ...one, ...part } : one)),
    }))
  const days = [...WEEK, ...kindsIn(hours).map((kind) => `holiday-${kind}`)]
  return (
    <fieldset className={css.when}>
      <legend>{t('access.hours')}</legend>
      {hours.windows.map((window, at) => (
        <div key={at} className={css.window}>
          <div className={css.days} role="group" aria-label={t('access.days', { number: at + 1 })}>
            {days.map((day) => (
              <button
                key={day}
                type="button"
                aria-pressed={window.days.includes(day)}
                onClick={() => put(at, { days: toggled(window.days, day) })}
              >
                {dayWord(day)}
              </button>
            ))}
          </div>
          <div className={css.times}>
            {(['from', 'to'] as const).map((end) => (
              <TextInput
                key={end}
                aria-label={t(`access.${end}_time`, { number: at + 1 })}
                value={window[end]}
                maxLength={5}
                placeholder="07:00"
                onChange={(event) => put(at, { [end]: event.currentTarget.value })}
              />
            ))}
            <span className="faint">{isOverMidnight(window) && t('access.next_day')}</span>
            <ActionIcon
              variant="subtle"
              aria-label={t('access.remove_window', { number: at + 1 })}
              onClick={() =>
                setHours((before) => ({
                  ...before,
                  windows: before.windows.filter((_, index) => index !== at),
                }))
              }
            >
              <IconTrash size={16} />
            </ActionIcon>
          </div>
        </div>
      ))}
      <Button
        variant="default"
        size="compact-sm"
        disabled={hours.windows.length >= WINDOWS_MAX}
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => setHours(addWindow)}
      >
        {t('access.add_window')}
      </Button>
    </fieldset>
  )
}

interface HolidaysProps {
  list: readonly Holiday[]
  change: (list: readonly Holiday[]) => void
}

function Holidays({ list, change }: HolidaysProps) {
  const put = (at: number, part: Partial<Holiday>) =>
    change(list.map((one, index) => (index === at ? { ...one, ...part } : one)))
  return (
    <fieldset className={css.when}>
      <legend>{t('access.holidays')}</legend>
      <p className={css.note}>{t('access.holidays_text')}</p>
      {list.map((one, at) => (
        <div key={at} className={css.times}>
          <TextInput
            type="date"
            aria-label={t('access.holiday_date', { number: at + 1 })}
            value={one.date}
            onChange={(event) => put(at, { date: event.currentTarget.value })}
          />
          <Select
            aria-label={t('access.holiday_kind', { number: at + 1 })}
            value={String(one.kind)}
            allowDeselect={false}
            onChange={(value) => put(at, { kind: Number(value) })}
            data={HOLIDAY_KINDS.map((kind) => ({
              value: String(kind),
              label: dayWord(`holiday-${kind}`),
            }))}
          />
          <ActionIcon
            variant="subtle"
            aria-label={t('access.remove_holiday', { number: at + 1 })}
            onClick={() => change(list.filter((_, index) => index !== at))}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => change([...list, { date: '', kind: 1 }])}
      >
        {t('access.add_holiday')}
      </Button>
    </fieldset>
  )
}
