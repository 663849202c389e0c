import { IconEye } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { call } from '../../api/client'
import type { EventItem, PersonItem } from '../../api/types'
import { isEcho, worldOf } from '../../event/describe'
import { OpenAbout } from '../../incident/OpenAbout'
import { namesChanged } from '../../org/names'
import { useDirectory } from '../../org/organisation'
import { Mark, Part } from '../../parts/Facts'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { useReading } from '../../parts/reading'
import { useRight } from '../../session/session'
import { t, word } from '../../text'
import { dateOf } from '../../time/format'
import { ActionButton } from '../../ui/ActionButton'
import { ProblemNote, Waiting } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { EventLines } from './EventLines'
import { Identifiers } from './Identifiers'
import { usePassage } from './passage'
import { Past } from './Past'
import { Presence } from './Presence'
import { isVeiled, nameOfPerson } from './people'
import css from './people.module.css'

const EVENTS = 300
const EVERY_MS = 10_000

/** One person: what they carry, where they are in both worlds, and what is open about them. */
export function Person({ id, close }: { id: string; close: () => void }) {
  const asked = useReading<PersonItem>(
    `/v1/people/${encodeURIComponent(id)}`,
    {},
    { every_ms: 60_000 },
  )
  const events = useReading<{ events: EventItem[] }>(
    '/v1/events',
    { person: id, limit: EVENTS },
    { every_ms: EVERY_MS },
  )
  const passage = usePassage(id)
  const person = asked.data
  const name = person ? nameOfPerson(person) : id
  const list = useMemo(
    () => (events.data?.events ?? []).filter(({ event }) => !isEcho(event)),
    [events.data],
  )
  return (
    <Pane
      title={<bdi>{name.slice(0, 200)}</bdi>}
      label={t('people.one')}
      readAt={events.readAt ?? asked.readAt}
      back={{ label: t('people.back'), run: close }}
      head={person && <Head person={person} done={asked.again} />}
    >
      {asked.problem ? (
        <ProblemNote error={asked.problem} retry={asked.again} />
      ) : !person ? (
        <Waiting />
      ) : (
        <div className={css.person}>
          <div className={css.main}>
            <Presence person={person} events={list} passage={passage} />
            <Past person={person} />
            <Part
              title={t('people.last_physical')}
              end={
                <Link to="/events" search={{ mode: 'search', q: `person:${id}` } as never}>
                  {t('people.all_events')}
                </Link>
              }
            >
              <EventLines
                events={list}
                world="physical"
                problem={events.problem}
                isWaiting={events.isWaiting}
              />
            </Part>
            <Part title={t('people.last_logical')}>
              <EventLines
                events={list}
                world="logical"
                problem={events.problem}
                isWaiting={events.isWaiting}
              />
            </Part>
          </div>
          <div className={css.side}>
            <OpenAbout entity={`person:${id}`} none={t('people.open_none')} />
            <Identifiers person={person} passage={passage} />
          </div>
        </div>
      )}
    </Pane>
  )
}

export const ofWorld = (events: readonly EventItem[], world: 'physical' | 'logical') =>
  events.filter(({ event }) => worldOf(event) === world)

function Head({ person, done }: { person: PersonItem; done: () => void }) {
  const directory = useDirectory()
  const right = useRight('person.reveal')
  const queries = useQueryClient()
  const [isAsking, setAsking] = useState(false)
  const reveal = async (reason: string) => {
    await call('POST', `/v1/people/${encodeURIComponent(person.id)}/reveal`, { json: { reason } })
    done()
    namesChanged(queries)
    return t('people.revealed')
  }
  return (
    <span className={css.marks}>
      <Mark>{word('people', 'kind', person.kind)}</Mark>
      <Mark tone={person.status === 'active' ? 'good' : 'warn'}>
        {word('people', 'status', person.status)}
        {person.status === 'left' && person.until && (
          <> · {dateOf(person.until, directory.zoneOf(person.site))}</>
        )}
      </Mark>
      <span className="faint cut">
        {[person.team, directory.siteName(person.site)].filter(Boolean).join(' · ')}
      </span>
      {isVeiled(person) && (
        <ActionButton
          variant="default"
          offer={right}
          onPress={() => setAsking(true)}
          leftSection={<IconEye size={14} />}
        >
          {t('people.reveal')}
        </ActionButton>
      )}
      {isAsking && (
        <ReasonDialog
          title={t('people.reveal')}
          label={t('people.reveal')}
          close={() => setAsking(false)}
          run={reveal}
          isHarmless
        >
          <p>{t('people.reveal_text')}</p>
        </ReasonDialog>
      )}
    </span>
  )
}
