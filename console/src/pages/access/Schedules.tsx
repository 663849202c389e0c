import { useState } from 'react'
import { call } from '../../api/client'
import { Mark } from '../../parts/Facts'
import { t, word } from '../../text'
import { serverNow } from '../../time/clock'
import { fullTime, isZone, shortTime, zoneName } from '../../time/format'
import { ActionButton } from '../../ui/ActionButton'
import { ChangeDialog } from './ChangeDialog'
import { Listing, type ListProps } from './Listing'
import type { Change, ScheduleItem } from './rights'
import { ScheduleDialog } from './ScheduleDialog'
import css from './access.module.css'

/** A day of the week in short, or a kind of holiday. */
export const dayWord = (day: string): string =>
  day.startsWith('holiday-')
    ? t('access.day_holiday', { kind: day.slice('holiday-'.length) })
    : word('access', 'day', day)

/** Weekly hours: whether each is open now, and when that changes. */
export function Schedules({ offer }: ListProps) {
  const [open, setOpen] = useState<{ act: 'change' | 'take'; item: ScheduleItem }>()
  const close = () => setOpen(undefined)
  return (
    <>
      <Listing<ScheduleItem>
        path="/v1/access/schedules"
        label={t('access.list_schedules')}
        columns={[
          { label: t('access.name') },
          { label: t('access.now') },
          { label: t('access.hours') },
          { label: t('access.time_zone'), when: 'wide' },
          { label: t('access.holidays'), when: 'wide', isEnd: true },
          { label: t('access.acts'), isHushed: true, when: 'mid' },
        ]}
        row={(item) => (
          <tr key={item.schedule}>
            <td data-wrap>
              <bdi>{item.name ?? item.schedule}</bdi>
              <div className={css.hint}>{item.schedule}</div>
            </td>
            <td>
              <Mark tone={item.is_open ? 'good' : undefined}>
                {t(item.is_open ? 'access.open' : 'access.shut')}
              </Mark>
              {item.next_change && (
                <div className={css.hint}>
                  {t('access.until_time')} <Until at={item.next_change} zone={item.time_zone} />
                </div>
              )}
            </td>
            <td data-wrap className={css.hoursOf}>
              {item.windows.map((window) => (
                <div key={`${window.days.join()} ${window.from}`}>
                  {window.days.map(dayWord).join(' ')}{' '}
                  <span className="num">
                    {window.from}–{window.to}
                  </span>
                </div>
              ))}
            </td>
            <td data-wide className="dim">
              {item.time_zone}
            </td>
            <td data-wide data-end className="num" title={datesOf(item)}>
              {item.holidays.length}
            </td>
            <td data-mid data-end>
              <span className={css.rowActs}>
                <ActionButton
                  offer={offer}
                  size="compact-sm"
                  variant="default"
                  onPress={() => setOpen({ act: 'change', item })}
                >
                  {t('access.change')}
                </ActionButton>
                <ActionButton
                  offer={offer}
                  size="compact-sm"
                  variant="default"
                  onPress={() => setOpen({ act: 'take', item })}
                >
                  {t('access.remove')}
                </ActionButton>
              </span>
            </td>
          </tr>
        )}
      />
      {open?.act === 'change' && <ScheduleDialog item={open.item} close={close} />}
      {open?.act === 'take' && (
        <ChangeDialog
          label={t('access.remove')}
          of={open.item.name ?? open.item.schedule}
          close={close}
          change={(reason) =>
            call<Change>(
              'DELETE',
              `/v1/access/schedules/${encodeURIComponent(open.item.schedule)}`,
              { query: { reason } },
            )
          }
        >
          <p>{t('access.remove_hours_text')}</p>
        </ChangeDialog>
      )}
    </>
  )
}

/** By the clock of these hours: its neighbours are its own windows. */
function Until({ at, zone }: { at: string; zone: string }) {
  const shown = isZone(zone) ? zone : 'UTC'
  return (
    <time className="num" dateTime={at} title={`${fullTime(at, shown)} ${zoneName(at, shown)}`}>
      {shortTime(at, shown, serverNow(), false)}
    </time>
  )
}

const datesOf = ({ holidays }: ScheduleItem): string =>
  holidays.map(({ date, kind }) => `${date} · ${dayWord(`holiday-${kind}`)}`).join('\n')
