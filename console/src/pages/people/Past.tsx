import { ActionIcon, SegmentedControl, TextInput } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { EventItem, PersonItem } from '../../api/types'
import { describe, eventKey, isEcho, worldOf, type World } from '../../event/describe'
import { useExternal } from '../../live/external'
import { useDirectory, type Directory } from '../../org/organisation'
import { Part } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { t, word } from '../../text'
import { ticking } from '../../time/clock'
import { clockTime, dayOf, fullDay } from '../../time/format'
import { momentOf, wallOf } from '../../time/zoned'
import { EntityLink } from '../../ui/EntityLink'
import { useUrl } from '../../url'
import { dayOn, SPAN_DAYS, SPAN_MS, spanOf, stretchesOf, type Span, type Stay, type Stretch } from './band'
import css from './people.module.css'

const EVENTS_MAX = 1_000
/** How often what is still going on is read again. */
const EVERY_MS = 15_000
const HOUR = 3_600_000
/** Stretches told in words below the band. */
const TOLD_MAX = 60

/** Any day of somebody's past, or some of them: what was known of where they were, and why not. */
export function Past({ person }: { person: PersonItem }) {
  const directory = useDirectory()
  const [url, setUrl] = useUrl()
  const zone = directory.zoneOf(person.site)
  // An axis that creeps every second says no more than one that moves now and then.
  const now = Math.floor(useExternal(ticking) / EVERY_MS) * EVERY_MS
  const today = wallOf(now, zone).slice(0, 10)
  const day = url.day ?? today
  const isToday = day >= today
  const span = spanOf({ day, days: url.days }, now, (one) => momentOf(`${one}T00:00`, zone))
  const from = new Date(span.from).toISOString()
  const to = new Date(span.to).toISOString()
  const stays = useReading<Stay[]>(
    `/v1/presence/${encodeURIComponent(person.id)}`,
    isToday ? { from } : { from, to },
    { keep: true, every_ms: isToday ? EVERY_MS : undefined },
  )
  const events = useReading<{ events: EventItem[] }>(
    '/v1/events',
    { person: person.id, from, ...(isToday ? {} : { to }), limit: EVENTS_MAX },
    { keep: true, every_ms: isToday ? EVERY_MS : undefined },
  )
  const own = (events.data?.events ?? []).filter(({ event }) => !isEcho(event))
  return (
    <Part
      title={t('whereabouts.past')}
      end={
        <span className={css.pastTools}>
          <ActionIcon
            aria-label={t('whereabouts.day_before')}
            onClick={() => setUrl({ day: dayOn(day, -1) })}
          >
            <IconChevronLeft size={15} />
          </ActionIcon>
          <TextInput
            type="date"
            size="xs"
            aria-label={t('whereabouts.day')}
            max={today}
            value={day}
            onChange={({ currentTarget }) => setUrl({ day: currentTarget.value || undefined })}
          />
          <ActionIcon
            aria-label={t('whereabouts.day_after')}
            disabled={day >= today}
            onClick={() => setUrl({ day: dayOn(day, 1) })}
          >
            <IconChevronRight size={15} />
          </ActionIcon>
          <SegmentedControl
            size="xs"
            aria-label={t('whereabouts.days')}
            value={url.days ?? '1'}
            onChange={(days) => setUrl({ days: days === '1' ? undefined : days })}
            data={SPAN_DAYS.map((days) => ({
              value: String(days),
              label: t('whereabouts.days_of', { count: days }),
            }))}
          />
        </span>
      }
    >
      {stays.problem ? (
        <p className={parts.problem}>{stays.problem.detail}</p>
      ) : (
        <PastBand stays={stays.data ?? []} events={own} span={span} zone={zone} />
      )}
    </Part>
  )
}

interface BandProps {
  stays: readonly Stay[]
  events: readonly EventItem[]
  span: Span
  zone: string
}

function PastBand({ stays, events, span, zone }: BandProps) {
  const at = (ms: number) => `${(100 * (ms - span.from)) / (span.to - span.from)}%`
  const isDay = span.to - span.from <= 1.1 * SPAN_MS
  const step = isDay ? 4 * HOUR : span.to - span.from <= 8 * SPAN_MS ? SPAN_MS : 7 * SPAN_MS
  const marks: number[] = []
  for (let ms = span.from + step; ms < span.to - step / 4; ms += step) marks.push(ms)
  const physical = stretchesOf(stays, 'physical', span.to, span.from)
  return (
    <>
      <div
        className={css.band}
        role="group"
        aria-label={t('whereabouts.past_band', { count: physical.length, events: events.length })}
      >
        {(['physical', 'logical'] as const).map((world) => (
          <PastLane
            key={world}
            world={world}
            stretches={
              world === 'physical' ? physical : stretchesOf(stays, 'network', span.to, span.from)
            }
            events={events.filter(({ event }) => worldOf(event) === world)}
            at={at}
            span={span}
            zone={zone}
          />
        ))}
        <div className={css.axis} aria-hidden>
          {marks.map((ms) => (
            <span key={ms} className="num" style={{ insetInlineStart: at(ms) }}>
              {isDay ? clockTime(ms, zone, false) : dayOf(ms, zone)}
            </span>
          ))}
        </div>
      </div>
      <Stretches list={physical} zone={zone} isDay={isDay} />
    </>
  )
}

interface LaneProps {
  world: World
  stretches: readonly Stretch[]
  events: readonly EventItem[]
  at: (ms: number) => string
  span: Span
  zone: string
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

function PastLane({ world, stretches, events, at, span, zone }: LaneProps) {
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
              width: `${(100 * (stay.to_ms - stay.from_ms)) / (span.to - span.from)}%`,
            }}
          />
        ))}
        {events.map((item) => (
          <Link
            key={eventKey(item)}
            to={'/events' as never}
            search={{ mode: 'search', event: eventKey(item) } as never}
            tabIndex={-1}
            aria-hidden
            title={`${clockTime(item.time, zone)} ${describe(item.event)}`}
          >
            <i
              data-refused={item.event.status_id === 2 || undefined}
              style={{ insetInlineStart: at(Date.parse(item.time)) }}
            />
          </Link>
        ))}
      </div>
    </div>
  )
}

/** The same in words: from when to when, where, resting on what, or why nobody knows. */
function Stretches({
  list,
  zone,
  isDay,
}: {
  list: readonly Stretch[]
  zone: string
  isDay: boolean
}) {
  if (list.length === 0) return <p className={parts.quiet}>{t('whereabouts.past_none')}</p>
  return (
    <ul className={css.lines}>
      {list.slice(-TOLD_MAX).map((stay) => (
        <li key={stay.since} className={css.line}>
          <span className="num">
            {!isDay && `${dayOf(stay.from_ms, zone)} `}
            <time title={fullDay(stay.from_ms, zone)}>{clockTime(stay.from_ms, zone, false)}</time>–
            {clockTime(stay.to_ms, zone, false)}
          </span>
          <span>
            <strong>{word('people', 'state', stay.state)}</strong>{' '}
            {stay.why && <span className="dim">{word('people', 'why', stay.why)}</span>}
            {stay.evidence && (
              <span className="dim">{word('whereabouts', 'by', stay.evidence)}</span>
            )}
          </span>
          {stay.place ? <EntityLink entity={`place:${stay.place}`} /> : <span />}
        </li>
      ))}
    </ul>
  )
}
