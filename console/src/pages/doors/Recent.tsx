import type { EventItem } from '../../api/types'
import { useLiveReading } from '../../live/useLiveReading'
import { at, describe } from '../../event/describe'
import { useDirectory } from '../../org/organisation'
import { Part } from '../../parts/Facts'
import { Answered } from '../../parts/Table'
import { t } from '../../text'
import { Stamp } from '../../ui/Stamp'
import css from './doors.module.css'

const SHOWN_MAX = 12
/** SOURCE: OCSF extension physec 0.1.0, Physical Access Activity. */
const PASSAGES = 4_230_001

interface Page {
  events: readonly EventItem[]
}

/** What happened at a door, newest first: who asked, what was answered and why. */
export function Recent({ door }: { door: string }) {
  const asked = useLiveReading<Page>('/v1/events', ['door', 'command'], {
    place: door,
    class: PASSAGES,
    limit: SHOWN_MAX,
  })
  return (
    <Part title={t('doors.recent')}>
      <Answered asked={asked}>
        {({ events }) =>
          events.length === 0 ? (
            <p className="faint">{t('doors.nobody_asked')}</p>
          ) : (
            <ul className={css.commands}>
              {events.map((item) => (
                <Line key={`${item.record}.${item.part}`} item={item} />
              ))}
            </ul>
          )
        }
      </Answered>
    </Part>
  )
}

function Line({ item }: { item: EventItem }) {
  const directory = useDirectory()
  const text = (path: string): string => String(at(item.event, path) ?? '')
  const person = text('castellan.person')
  return (
    <li className={css.recent}>
      <Stamp at={item.time} place={text('castellan.place.id')} />
      <a className={css.recentText} href={`/events?mode=search&event=${item.record}.${item.part}`}>
        <bdi>{describe(item.event)}</bdi>
      </a>
      <bdi className="cut dim">{person ? directory.nameOf(`person:${person}`) : ''}</bdi>
    </li>
  )
}
