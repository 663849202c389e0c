import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import type { Problem } from '../../api/problem'
import type { EventItem } from '../../api/types'
import {
  assetOf,
  describe,
  eventKey,
  personOf,
  placeOf,
  siteOf,
  worldOf,
  type World,
} from '../../event/describe'
import { t } from '../../text'
import { EntityLink } from '../../ui/EntityLink'
import { Stamp } from '../../ui/Stamp'
import parts from '../../parts/parts.module.css'
import css from './people.module.css'

interface Props {
  events: readonly EventItem[]
  world?: World
  problem: Problem | undefined
  isWaiting: boolean
  max?: number
  /** Where one is: it is not said again on every line. */
  at?: string
}

/** The newest events, one on a line, each leading to itself. */
export function EventLines({ events, world, problem, isWaiting, max = 12, at }: Props) {
  if (problem) return <p className={parts.problem}>{problem.detail}</p>
  if (isWaiting) return <p className="faint">{t('shell.loading')}</p>
  const list = events.filter(({ event }) => !world || worldOf(event) === world).slice(0, max)
  if (list.length === 0) return <p className={parts.quiet}>{t('people.no_events')}</p>
  return (
    <ul className={css.lines}>
      {list.map((item) => (
        <Line key={eventKey(item)} item={item} at={at} />
      ))}
    </ul>
  )
}

const Line = memo(function Line({ item, at }: { item: EventItem; at?: string }) {
  const { event } = item
  const place = placeOf(event)
  const asset = assetOf(event)
  const where =
    worldOf(event) === 'physical' || !asset ? place && `place:${place}` : `asset:${asset}`
  const person = personOf(event)
  const shown = at !== undefined && where === at ? person && `person:${person}` : where
  return (
    <li className={css.line}>
      <Stamp at={item.time} place={place ?? siteOf(event)} />
      <Link
        to="/events"
        search={{ mode: 'search', event: eventKey(item) } as never}
        className={`${css.lineText} cut`}
      >
        <bdi>{describe(event).slice(0, 300)}</bdi>
      </Link>
      {shown && <EntityLink entity={shown} />}
    </li>
  )
})
