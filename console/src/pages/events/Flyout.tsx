import { ActionIcon, SegmentedControl, Tooltip } from '@mantine/core'
import { IconArrowLeft, IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { EventItem } from '../../api/types'
import {
  assetOf,
  describe,
  eventKey,
  isEcho,
  PHYSICAL_ACCESS,
  placeOf,
  siteOf,
  whereInWords,
  whereOf,
  worldOf,
} from '../../event/describe'
import { useDirectory } from '../../org/organisation'
import { Facts, Mark } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { t } from '../../text'
import { EntityLink } from '../../ui/EntityLink'
import { EmptyNote, ProblemNote, Waiting } from '../../ui/Notes'
import { Stamp } from '../../ui/Stamp'
import ui from '../../ui/ui.module.css'
import { textOf, whoOf } from './columns'
import { Copy, Raw } from './Raw'
import { Tree } from './Tree'
import { momentsOf } from '../whereabouts/moments'
import { WhoCould } from '../whereabouts/WhoCould'
import type { Key } from './filter'
import css from './events.module.css'

interface Props {
  /** `record.part` */
  id: string
  /** The event, if it is at hand already. */
  item: EventItem | undefined
  close: () => void
  onPivot: (key: Key | undefined, value: string) => void
}

/** One event: who, where and when, all its attributes, and the text behind it. */
export function Flyout({ id, item, close, onPivot }: Props) {
  const [record, part = '0'] = id.split('.')
  const isId = /^\d{1,16}\.\d{1,6}$/.test(id)
  const path = !item && isId ? `/v1/events/${record}/${part}` : undefined
  const asked = useReading<EventItem>(path)
  const event = item ?? asked.data
  return (
    <section className={ui.pane} aria-label={t('events.one')}>
      {event ? (
        <Known item={event} close={close} onPivot={onPivot} />
      ) : (
        <>
          <header className={ui.paneHead}>
            <h2 className={ui.paneTitle}>{t('events.one')}</h2>
            <Closer close={close} />
          </header>
          {!isId ? (
            <EmptyNote title={t('events.no_such')} />
          ) : asked.problem ? <ProblemNote error={asked.problem} retry={asked.again} /> : <Waiting />}
        </>
      )}
    </section>
  )
}

function Closer({ close }: { close: () => void }) {
  return (
    <Tooltip label={t('shell.close')}>
      <ActionIcon aria-label={t('events.close_event')} onClick={close} ms="auto">
        <IconX size={15} />
      </ActionIcon>
    </Tooltip>
  )
}

function Known({ item, close, onPivot }: Omit<Props, 'item' | 'id'> & { item: EventItem }) {
  const [view, setView] = useState('tree')
  const { event } = item
  const world = worldOf(event)
  const [place, asset, who] = [placeOf(event), assetOf(event), whoOf(event)]
  const twin = useTwin(item)
  const zoneAt = place ?? siteOf(event)
  const text = JSON.stringify(event, null, 2)
  return (
    <>
      <div className={css.flyHead}>
        <div className={css.tools}>
          <ActionIcon className={parts.back} aria-label={t('events.back')} onClick={close}>
            <IconArrowLeft size={16} />
          </ActionIcon>
          <Mark tone={world}>{t(`incidents.world_${world}`)}</Mark>
          <span className="faint num">
            {item.record}.{item.part}
          </span>
          <Closer close={close} />
        </div>
        <h2 className={css.flyTitle}>
          <bdi>{describe(event)}</bdi>
        </h2>
        <Stamp at={item.time} place={zoneAt} as="both" />
      </div>
      <div className={css.flyBody} tabIndex={0} role="group" aria-label={t('events.attributes')}>
        <Facts
          list={[
            [t('events.col_who'), who && <EntityLink entity={`person:${who}`} />],
            [t('events.col_where'), <Somewhere key="w" event={event} />],
            [t('events.col_thing'), asset && <EntityLink entity={`asset:${asset}`} />],
            [t('events.col_source'), textOf(event, 'castellan.source')],
            [
              t('events.received'),
              <Stamp key="r" at={item.received_at} place={zoneAt} as="full" />,
            ],
            [isEcho(event) ? t('events.twin_of') : t('events.twin'), twin],
            [t('events.between'), <Interval key="i" event={event} place={zoneAt} />],
          ]}
        />
        <div className={css.flyBar}>
          <SegmentedControl
            value={view}
            onChange={setView}
            aria-label={t('events.view')}
            data={[
              { value: 'tree', label: t('events.attributes') },
              { value: 'ocsf', label: t('events.ocsf') },
              { value: 'raw', label: t('events.raw') },
            ]}
          />
          <WhoCould moments={momentsOf([item])} className={css.who} />
          {view !== 'raw' && <Copy text={text} />}
        </div>
        {view === 'tree' ? (
          <Tree event={event} onPivot={onPivot} />
        ) : view === 'ocsf' ? (
          <pre className={css.raw}>{text.slice(0, 200_000)}</pre>
        ) : (
          <Raw record={item.record} />
        )}
      </div>
    </>
  )
}

/** Where it happened, or with what: a thing that is carried about is where nobody says. */
function Somewhere({ event }: { event: EventItem['event'] }) {
  const directory = useDirectory()
  const { place } = whereOf(event)
  if (place) return <EntityLink entity={`place:${place}`} />
  return <bdi>{whereInWords(event, directory.nameOf)}</bdi>
}

/** The other event of a badge read: the door's own, and the log-on that rules may ask for. */
function useTwin(item: EventItem) {
  const isTwin = isEcho(item.event)
  const isDoor = item.event.class_uid === PHYSICAL_ACCESS
  const part = isTwin ? item.part - 1 : item.part + 1
  const path = isTwin || isDoor ? `/v1/events/${item.record}/${part}` : undefined
  const { data } = useReading<EventItem>(part < 0 ? undefined : path)
  if (!data || isEcho(data.event) === isTwin) return undefined
  return (
    <Link to="/events" search={{ mode: 'search', event: eventKey(data) } as never}>
      {t('events.twin_show')}
    </Link>
  )
}

/** When it was, as exactly as the source's clock allows. */
function Interval({ event, place }: { event: EventItem['event']; place: string | undefined }) {
  const [from, to] = [
    textOf(event, 'castellan.time.earliest'),
    textOf(event, 'castellan.time.latest'),
  ]
  if (!from || !to) return null
  return (
    <>
      <Stamp at={from} place={place} /> – <Stamp at={to} place={place} />
    </>
  )
}
