import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { EventItem, PersonItem } from '../../api/types'
import { eventKey } from '../../event/describe'
import { useDirectory, type Directory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import { Part } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { useOffers, useReading } from '../../parts/reading'
import { t, word, type TextKey } from '../../text'
import { serverNow } from '../../time/clock'
import { clockTime, dateOf, zoneName } from '../../time/format'
import { EntityLink } from '../../ui/EntityLink'
import { Severity } from '../../ui/Severity'
import { Ago } from '../../ui/Stamp'
import {
  bandOf,
  presenceIn,
  SPAN_MS,
  standing,
  stretchesOf,
  type Stay,
  type Stretch,
  type Tick,
} from './band'
import { gravityOf, whyOf, type Passage } from './passage'
import css from './people.module.css'

const STEP_H = 4
const EVERY_MS = 15_000
const EDGE_MS = 45 * 60_000
const NOWHERE: Stay[] = []

/** What the server believes of the last day; undefined where it does not tell. */
function useStays(person: string): readonly Stay[] | undefined {
  const isOffered = useOffers('get', '/v1/presence/{person}')
  const path = isOffered ? `/v1/presence/${encodeURIComponent(person)}` : undefined
  const asked = useReading<Stay[]>(path, {}, { every_ms: EVERY_MS })
  return asked.problem ? undefined : asked.data
}

/** Where they are believed to be, and a day of both worlds on one axis. */
export function Band({
  person,
  events,
  passage,
}: {
  person: PersonItem
  events: readonly EventItem[]
  passage: Passage | undefined
}) {
  const directory = useDirectory()
  const stays = useStays(person.id)
  const zone = directory.zoneOf(person.site)
  // As of the newest reading: an axis that creeps says no more.
  const now = useMemo(() => serverNow(), [events, stays])
  const lanes = useMemo(() => bandOf(events, now), [events, now])
  const hours = useMemo(() => {
    const first = Math.ceil((now - SPAN_MS) / (STEP_H * 3_600_000)) * STEP_H * 3_600_000
    const all = Array.from({ length: 24 / STEP_H }, (_, at) => first + at * STEP_H * 3_600_000)
    // One so near an end that it would be cut says nothing.
    return all.filter((ms) => now - ms > EDGE_MS && ms - (now - SPAN_MS) > EDGE_MS)
  }, [now])
  const at = (ms: number) => `${(100 * (ms - (now - SPAN_MS))) / SPAN_MS}%`
  return (
    <Part
      title={t('people.presence')}
      end={<span className="faint">{t('people.band_span', { zone: zoneName(now, zone) })}</span>}
    >
      <Standing list={stays ? standing(stays) : presenceIn(events)} passage={passage} />
      {passage && <LastPassage passage={passage} person={person} zone={zone} />}
      <div
        className={css.band}
        role="img"
        aria-label={t('people.band', {
          physical: lanes.physical.length,
          logical: lanes.logical.length,
        })}
      >
        {(['physical', 'logical'] as const).map((world) => (
          <Lane
            key={world}
            ticks={lanes[world]}
            stretches={stretchesOf(stays ?? NOWHERE, world === 'logical' ? 'network' : world, now)}
            world={world}
            zone={zone}
            at={at}
          />
        ))}
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

type Shown = Pick<Stay, 'place' | 'address' | 'since' | 'why'> & { world: string; state: string }

/** Where they are now, in each world, and why that is unknown where it is. */
function Standing({ list, passage }: { list: readonly Shown[]; passage: Passage | undefined }) {
  return (
    <div className={css.believed}>
      {list.length === 0 && <span className={parts.quiet}>{t('people.presence_unknown')}</span>}
      {list.map((one) => (
        <span
          key={one.world}
          className={css.where}
          data-world={one.world === 'physical' ? 'physical' : 'logical'}
          data-state={one.state}
        >
          <span className="faint">{word('people', 'world', one.world)}</span>
          <strong>{word('people', 'state', one.state)}</strong>
          {one.place && (
            <EntityLink
              entity={one.world === 'physical' ? `place:${one.place}` : `asset:${one.place}`}
            />
          )}
          {one.address && <bdi className="mono">{one.address}</bdi>}
          {one.why && !(isUnseen(one) && passage) && (
            <span className="dim">{word('people', 'why', one.why)}</span>
          )}
          {/* Never is not since when the band begins. */}
          {!isUnseen(one) && (
            <span className="faint">
              {t('people.since')} <Ago at={one.since} />
            </span>
          )}
        </span>
      ))}
    </div>
  )
}

const isUnseen = ({ why }: Shown): boolean => why === 'never_seen'

/** When their badge was last used at a door, and why that does not say where they are. */
function LastPassage({
  passage,
  person,
  zone,
}: {
  passage: Passage
  person: PersonItem
  zone: string
}) {
  const level = gravityOf(passage)
  const why = whyOf(passage, person.status === 'left')
  const date = person.until ? dateOf(person.until, zone) : t('people.date_unknown')
  return (
    <p className={css.passage} data-level={level}>
      {level && <Severity level={level} />}
      <span>
        {t('people.passage')} <AgoText at={passage.at} />
      </span>
      {passage.door && <EntityLink entity={`place:${passage.door}`} />}
      <Link
        to="/events"
        search={{ mode: 'search', event: eventKey(passage) } as never}
        className={css.lineText}
      >
        {word('people', 'turn', passage.turn)}
      </Link>
      {passage.reason && <bdi className="dim">{passage.reason.slice(0, 200)}</bdi>}
      {why && (
        <span className={css.passageWhy}>
          {t(`people.uncounted_${why}` as TextKey, { date })}
        </span>
      )}
    </p>
  )
}

interface LaneProps {
  ticks: readonly Tick[]
  stretches: readonly Stretch[]
  world: 'physical' | 'logical'
  zone: string
  at: (ms: number) => string
}

/** What a stretch says when it is pointed at. */
function hintOf(stay: Stretch, zone: string, directory: Directory): string {
  const kind = stay.world === 'physical' ? 'place' : 'asset'
  return [
    word('people', 'state', stay.state),
    stay.place && directory.nameOf(`${kind}:${stay.place}`),
    stay.address,
    stay.why && word('people', 'why', stay.why),
    `${clockTime(stay.from_ms, zone, false)}–${clockTime(stay.to_ms, zone, false)}`,
  ]
    .filter(Boolean)
    .join(' · ')
}

function Lane({ ticks, stretches, world, zone, at }: LaneProps) {
  const directory = useDirectory()
  return (
    <div className={css.lane} data-world={world}>
      <span className={css.laneName}>{t(`people.lane_${world}`)}</span>
      <div className={css.laneTicks}>
        {stretches.map((stay) => (
          <b
            key={`${stay.since}|${stay.place}`}
            data-state={stay.state}
            title={hintOf(stay, zone, directory)}
            style={{
              insetInlineStart: at(stay.from_ms),
              width: `${(100 * (stay.to_ms - stay.from_ms)) / SPAN_MS}%`,
            }}
          />
        ))}
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
