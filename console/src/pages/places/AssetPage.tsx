import { Link } from '@tanstack/react-router'
import type { EventItem } from '../../api/types'
import { CameraLink } from '../../camera/CameraLink'
import { OpenAbout } from '../../incident/OpenAbout'
import { useDirectory } from '../../org/organisation'
import { Facts, Mark, Part } from '../../parts/Facts'
import { useReading } from '../../parts/reading'
import { LinkOf } from '../../plan/LinkOf'
import { useThingStates } from '../../plan/things'
import { t, teamName } from '../../text'
import { EntityLink } from '../../ui/EntityLink'
import { EmptyNote } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { EventLines } from '../people/EventLines'
import css from './places.module.css'

/** One thing: what it is, where, whose, and what it said last. */
export function AssetPage({ id }: { id: string }) {
  const directory = useDirectory()
  const asset = directory.asset(id)
  const isHeard = useThingStates()?.has(id)
  const events = useReading<{ events: EventItem[] }>(
    '/v1/events',
    { asset: id, limit: 60 },
    { every_ms: 10_000 },
  )
  if (!asset) {
    return (
      <Pane title={t('places.thing')} className={css.detail}>
        <EmptyNote title={t('places.not_found')}>
          <bdi className="mono">{id.slice(0, 200)}</bdi>
        </EmptyNote>
      </Pane>
    )
  }
  return (
    <Pane
      title={<bdi>{asset.name.slice(0, 200)}</bdi>}
      label={t('places.thing')}
      readAt={events.readAt}
      className={css.detail}
      head={
        <>
          <Mark>{asset.kind}</Mark>
          <CameraLink entity={`asset:${id}`} as="button" isHere />
        </>
      }
    >
      <div className={css.facts}>
        <Facts
          list={[
            [t('places.link'), isHeard && <LinkOf key="link" id={id} />],
            [t('places.in'), asset.place && <EntityLink entity={`place:${asset.place}`} />],
            [t('places.owner'), asset.owner && <EntityLink entity={`person:${asset.owner}`} />],
            [t('places.team'), asset.team && teamName(asset.team)],
            [t('places.make'), [asset.make, asset.model].filter(Boolean).join(' ')],
            [t('places.criticality'), asset.criticality ?? undefined],
            [
              t('places.id'),
              <span key="id" className="mono">
                {asset.id}
              </span>,
            ],
          ]}
        />
      </div>
      <OpenAbout entity={`asset:${id}`} none={t('places.open_none')} />
      <Part
        title={t('places.last_events')}
        end={
          <Link to="/events" search={{ mode: 'search', q: `host:${id}` } as never}>
            {t('people.all_events')}
          </Link>
        }
      >
        <EventLines
          events={events.data?.events ?? []}
          problem={events.problem}
          isWaiting={events.isWaiting}
          max={20}
          at={`asset:${id}`}
        />
      </Part>
    </Pane>
  )
}
