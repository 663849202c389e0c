import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { DoorState, EventItem, PlaceItem } from '../../api/types'
import { CameraLink } from '../../camera/CameraLink'
import { isEcho } from '../../event/describe'
import { OpenAbout } from '../../incident/OpenAbout'
import { useDirectory } from '../../org/organisation'
import { Facts, Mark, Part } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { wantsEyes } from '../../plan/condition'
import { DoorShape } from '../../plan/DoorShape'
import { clearsBy, LastPassage } from '../../plan/LastPassage'
import { t, word } from '../../text'
import { EntityLink } from '../../ui/EntityLink'
import { EmptyNote } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { Ago, Stamp } from '../../ui/Stamp'
import { serverNow } from '../../time/clock'
import { EventLines } from '../people/EventLines'
import { WhoCould } from '../whereabouts/WhoCould'
import css from './places.module.css'

interface Props {
  id: string
  doors: ReadonlyMap<string, DoorState> | undefined
  doorsMissing: boolean
}

/** One place: what it is, its doors as they stand, its things, and what happened there. */
export function PlacePage({ id, doors, doorsMissing }: Props) {
  const directory = useDirectory()
  const place = directory.place(id)
  const events = useReading<{ events: EventItem[] }>(
    place && '/v1/events',
    { place: id, limit: 60 },
    { every_ms: 10_000 },
  )
  const { assets, organisation } = useMemo(
    () => ({
      organisation: directory.organisation,
      assets: directory.organisation.assets.filter((asset) => asset.place === id),
    }),
    [directory, id],
  )
  if (!place) {
    return (
      <Pane title={t('places.one')} className={css.detail}>
        <EmptyNote title={t('places.not_found')}>
          <bdi className="mono">{id.slice(0, 200)}</bdi>
        </EmptyNote>
      </Pane>
    )
  }
  const isIn = (door: string) => directory.above(door).some((one) => one.id === id)
  const isWell = (door: string) => !wantsEyes(doors?.get(door)?.state)
  // What is wrong stands on top.
  const own = organisation.doors
    .filter(
      (door) =>
        door.door !== id && (isIn(door.door) || door.from_zone === id || door.to_zone === id),
    )
    .sort((a, b) => Number(isWell(a.door)) - Number(isWell(b.door)))
  return (
    <Pane
      title={<bdi>{place.name.slice(0, 200)}</bdi>}
      label={t('places.one')}
      readAt={events.readAt}
      className={css.detail}
      head={<Mark>{word('places', 'kind', place.kind)}</Mark>}
    >
      <WhoCould moments={[{ time: lastMinute(), place: id }]} className={css.who} />
      {place.kind === 'door' ? (
        <Door id={id} state={doors?.get(id)} isMissing={doorsMissing} />
      ) : (
        <PlaceFacts place={place} />
      )}
      <OpenAbout entity={`place:${id}`} none={t('places.open_none_here')} />
      {place.kind !== 'door' && own.length > 0 && (
        <Part title={t('places.doors')}>
          {own.map(({ door }) => (
            <DoorLine key={door} id={door} state={doors?.get(door)} isMissing={doorsMissing} />
          ))}
        </Part>
      )}
      <Part title={t('places.things')}>
        {assets.length === 0 ? (
          <p className={parts.quiet}>{t('places.no_things')}</p>
        ) : (
          assets.map((asset) => (
            <div key={asset.id} className={css.thing}>
              <EntityLink entity={`asset:${asset.id}`} />
              <span className="faint cut">
                {[asset.make, asset.model].filter(Boolean).join(' ')}
              </span>
            </div>
          ))
        )}
      </Part>
      <Part
        title={t('places.last_events')}
        end={
          <Link to="/events" search={{ mode: 'search', q: `place:${id}` } as never}>
            {t('people.all_events')}
          </Link>
        }
      >
        <EventLines
          events={(events.data?.events ?? []).filter(({ event }) => !isEcho(event))}
          problem={events.problem}
          isWaiting={events.isWaiting}
          max={20}
          at={`place:${id}`}
        />
      </Part>
    </Pane>
  )
}

/** The question is about just now; the time can be changed there. */
const lastMinute = (): string =>
  new Date(Math.floor(serverNow() / 60_000) * 60_000).toISOString()

function PlaceFacts({ place }: { place: PlaceItem }) {
  const directory = useDirectory()
  return (
    <div className={css.facts}>
      <Facts
        list={[
          [t('places.in'), place.parent && <EntityLink entity={`place:${place.parent}`} />],
          [t('places.zone_class'), place.zone_class && word('places', 'class', place.zone_class)],
          [t('places.capacity'), place.capacity ?? undefined],
          [t('places.time_zone'), directory.zoneOf(place.id)],
          [
            t('places.id'),
            <span key="id" className="mono">
              {place.id}
            </span>,
          ],
        ]}
      />
    </div>
  )
}

/** A door as it stands, and its last passage. */
function DoorLine({
  id,
  state,
  isMissing,
}: {
  id: string
  state: DoorState | undefined
  isMissing: boolean
}) {
  const condition = state?.state ?? 'unknown'
  return (
    <div className={css.door}>
      <span className={css.doorName}>
        <EntityLink entity={`place:${id}`} />
      </span>
      {!isMissing && (
        <span className={css.state} data-bad={wantsEyes(condition) || undefined}>
          <DoorShape state={condition} /> {word('incidents', 'door_state', condition)}
        </span>
      )}
      <span className={css.doorCamera}>
        <CameraLink entity={`place:${id}`} at={state?.last?.at} />
      </span>
      {state?.last && <Passage last={state.last} door={id} />}
    </div>
  )
}

function Passage({ last, door }: { last: NonNullable<DoorState['last']>; door: string }) {
  return (
    <span className={css.passage}>
      <LastPassage last={last} door={door} />
    </span>
  )
}

function Door({
  id,
  state,
  isMissing,
}: {
  id: string
  state: DoorState | undefined
  isMissing: boolean
}) {
  const directory = useDirectory()
  const door = directory.door(id)
  const condition = state?.state ?? 'unknown'
  const thing = (asset: string | null | undefined) =>
    asset && <EntityLink entity={`asset:${asset}`} />
  return (
    <>
      {isMissing ? (
        <p className={parts.quiet}>{t('places.states_missing')}</p>
      ) : (
        <div className={css.doorState} data-bad={wantsEyes(condition) || undefined}>
          <DoorShape state={condition} size={22} />
          <strong>{word('incidents', 'door_state', condition)}</strong>
          {state?.since && (
            <span className="faint">
              {t('people.since')} <Ago at={state.since} /> (
              <Stamp at={state.since} place={id} />)
            </span>
          )}
          <CameraLink entity={`place:${id}`} as="button" />
        </div>
      )}
      {clearsBy(state) && <p className={parts.quiet}>{clearsBy(state)}</p>}
      {state?.control && (
        <p className={parts.quiet}>
          <Link to="/doors" search={{ id } as never}>
            {t('places.operate')}
          </Link>
        </p>
      )}
      <div className={css.facts}>
        <Facts
          list={[
            [t('places.last_passage'), state?.last && <Passage last={state.last} door={id} />],
            [t('places.from_zone'), door && <EntityLink entity={`place:${door.from_zone}`} />],
            [t('places.to_zone'), door && <EntityLink entity={`place:${door.to_zone}`} />],
            [
              t('places.camera'),
              door?.camera && (
                <span key="camera" className={css.camera}>
                  {thing(door.camera)}{' '}
                  {directory.organisation.camera_link && (
                    <CameraLink entity={`place:${id}`} at={state?.last?.at} />
                  )}
                </span>
              ),
            ],
            [t('places.controller'), thing(door?.controller)],
            [t('places.reader_in'), thing(door?.reader_in)],
            [t('places.reader_out'), thing(door?.reader_out)],
            [
              t('places.id'),
              <span key="id" className="mono">
                {id}
              </span>,
            ],
          ]}
        />
      </div>
    </>
  )
}
