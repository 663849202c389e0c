import { Link } from '@tanstack/react-router'
import type { EventItem, PersonItem } from '../../api/types'
import { eventKey } from '../../event/describe'
import { useDirectory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import { Part } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { useOffers, useReading } from '../../parts/reading'
import { t, word, type TextKey } from '../../text'
import { dateOf } from '../../time/format'
import { EntityLink } from '../../ui/EntityLink'
import { Severity } from '../../ui/Severity'
import { Ago } from '../../ui/Stamp'
import { presenceIn, standing, type Stay } from './band'
import { gravityOf, whyOf, type Passage } from './passage'
import css from './people.module.css'

const EVERY_MS = 15_000

/** What the server believes of the last day; undefined where it does not tell. */
function useStays(person: string): readonly Stay[] | undefined {
  const isOffered = useOffers('get', '/v1/presence/{person}')
  const path = isOffered ? `/v1/presence/${encodeURIComponent(person)}` : undefined
  const asked = useReading<Stay[]>(path, {}, { every_ms: EVERY_MS })
  return asked.problem ? undefined : asked.data
}

/** Where they are believed to be in each world, and when their badge was last used. */
export function Presence({
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
  return (
    <Part title={t('people.presence')}>
      <Standing list={stays ? standing(stays) : presenceIn(events)} passage={passage} />
      {passage && <LastPassage passage={passage} person={person} zone={zone} />}
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
