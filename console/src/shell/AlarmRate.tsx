import { Tooltip } from '@mantine/core'
import { memo, useMemo } from 'react'
import { incidents } from '../live/incidents'
import { useExternal } from '../live/external'
import { useReading } from '../parts/reading'
import { t } from '../text'
import { barsNow, CALM_MAX, FLOOD_MIN, SLOT_MS, toneOf, type Counted } from './rate'
import css from './shell.module.css'

const SLOTS = 12
/** What is opened between two readings is counted as it comes. */
const READ_EVERY_MS = 10_000

/** Incidents opened in the last ten minutes, and in the two hours before, ten minutes a bar. */
export const AlarmRate = memo(function AlarmRate() {
  const { byId } = useExternal(incidents)
  const asked = useReading<Counted>(
    '/v1/alarm-rates',
    { window: 'ten_minutes' },
    { every_ms: READ_EVERY_MS },
  )
  const counted = asked.data
  const slots = useMemo(
    () => (counted ? barsNow(counted, byId.values()) : new Array<number>(SLOTS).fill(0)),
    [byId, counted],
  )
  const latest = slots.at(-1) ?? 0
  const top = Math.max(4, ...slots)
  const tone = toneOf(latest)
  const label = t('shell.rate', { count: latest })
  const hint = t('shell.rate_hint', { most: CALM_MAX, flood: FLOOD_MIN })
  return (
    <Tooltip label={hint} multiline w={300}>
      <div
        className={css.rate}
        data-tone={tone}
        style={counted ? undefined : { visibility: 'hidden' }}
        tabIndex={0}
        role="group"
        aria-label={`${label}, ${t(`shell.rate_${tone}`)}. ${hint}`}
      >
        <svg viewBox={`0 0 ${SLOTS * 5} 20`} className={css.rateBars} aria-hidden>
          {slots.map((n, i) => {
            const height = n === 0 ? 1 : Math.max(2, (n / top) * 20)
            return <rect key={i} x={i * 5} y={20 - height} width={4} height={height} rx={1} />
          })}
        </svg>
        <span className="num" aria-hidden>
          {label}
          <span className={css.rateWord}> · {t(`shell.rate_${tone}`)}</span>
        </span>
      </div>
    </Tooltip>
  )
})

export { SLOT_MS }
