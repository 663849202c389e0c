import { useMemo } from 'react'
import type { EventItem, PersonItem } from '../../api/types'
import { useDirectory } from '../../org/organisation'
import { Part } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { t, word } from '../../text'
import { serverNow } from '../../time/clock'
import { clockTime, zoneName } from '../../time/format'
import { EntityLink } from '../../ui/EntityLink'
import { Ago } from '../../ui/Stamp'
import { bandOf, presenceIn, SPAN_MS, type Tick } from './band'
import css from './people.module.css'

const STEP_H = 4

/** Where they are believed to be, and a day of both worlds on one axis. */
export function Band({ person, events }: { person: PersonItem; events: readonly EventItem[] }) {
  const directory = useDirectory()
  const now = serverNow()
  const zone = directory.zoneOf(person.site)
  const lanes = useMemo(() => bandOf(events, now), [events]) // eslint-disable-line
  const believed = presenceIn(events)
  const hours = useMemo(() => {
    const first = Math.ceil((now - SPAN_MS) / (STEP_H * 3_600_000)) * STEP_H * 3_600_000
    return Array.from({ length: 24 / STEP_H }, (_, at) => first + at * STEP_H * 3_600_000)
  }, [events]) // eslint-disable-line
  const at = (ms: number) => `${(100 * (ms - (now - SPAN_MS))) / SPAN_MS}%`
  return (
    <Part
      title={t('people.presence')}
      end={<span className="faint">{t('people.band_span', { zone: zoneName(now, zone) })}</span>}
    >
      <div className={css.believed}>
        {believed.length === 0 && (
          <span className={parts.quiet}>{t('people.presence_unknown')}</span>
        )}
        {believed.map((one) => (
          <span
            key={one.world}
            className={css.where}
            data-world={one.world === 'physical' ? 'physical' : 'logical'}
          >
            <span className="faint">{word('people', 'world', one.world)}</span>
            <strong>{word('people', 'presence', one.state)}</strong>
            {one.place && (
              <EntityLink
                entity={one.world === 'physical' ? `place:${one.place}` : `asset:${one.place}`}
              />
            )}
            <span className="faint">
              {t('people.since')} <Ago at={one.since} />
            </span>
          </span>
        ))}
      </div>
      <div
        className={css.band}
        role="img"
        aria-label={t('people.band', {
          physical: lanes.physical.length,
          logical: lanes.logical.length,
        })}
      >
        <Lane ticks={lanes.physical} world="physical" at={at} />
        <Lane ticks={lanes.logical} world="logical" at={at} />
        <div className={css.axis} aria-hidden>
          {hours.map((hour) => (
            <span key={hour} className="num" style={{ insetInlineStart: at(hour) }}>
              {clockTime(hour, zone, false)}
            </span>
          ))}
        </div>
      </div>
    </Part>
  )
}

function Lane({
  ticks,
  world,
  at,
}: {
  ticks: Tick[]
  world: 'physical' | 'logical'
  at: (ms: number) => string
}) {
  return (
    <div className={css.lane} data-world={world}>
      <span className={css.laneName}>{t(`people.lane_${world}`)}</span>
      <div className={css.laneTicks}>
        {ticks.map((tick) => (
          <i
            key={tick.at}
            data-refused={tick.isRefused || undefined}
            style={{ insetInlineStart: at(tick.at) }}
          />
        ))}
      </div>
    </div>
  )
}
