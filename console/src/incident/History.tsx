import {
  IconArrowRight,
  IconBell,
  IconCheck,
  IconDoor,
  IconFlag,
  IconMessage,
  IconServer2,
  IconUserShare,
} from '@tabler/icons-react'
import { memo, useMemo, type ReactNode } from 'react'
import type { EventItem, Incident, TimelineEntry } from '../api/types'
import { CameraLink } from '../camera/CameraLink'
import { describe, eventKey, personOf, placeOf, worldOf } from '../event/describe'
import { useDirectory } from '../org/organisation'
import { t } from '../text'
import { msOf } from '../time/format'
import { EntityLink } from '../ui/EntityLink'
import { Stamp } from '../ui/Stamp'
import { entryText } from './changes'
import { useEvidence } from './evidence'
import css from './incident.module.css'

type Line =
  | { key: string; at: number; time: string; event: EventItem }
  | { key: string; at: number; time: string; entry: TimelineEntry }

/** Evidence and acts on one line of time, oldest first. */
export function linesOf(incident: Incident, events: readonly EventItem[]): Line[] {
  const told = events.map((event) => ({
    key: eventKey(event),
    at: msOf(event.time),
    time: event.time,
    event,
  }))
  const done = incident.timeline.map((entry, i) => ({
    key: `t${i}`,
    at: msOf(entry.at),
    time: entry.at,
    entry,
  }))
  return [...told, ...done].sort((a, b) => a.at - b.at)
}

/** What happened in both worlds and what people did about it. */
export const History = memo(function History({ incident }: { incident: Incident }) {
  const evidence = useEvidence(incident)
  const lines = useMemo(() => linesOf(incident, evidence.items), [incident, evidence.items])
  return (
    <section className={css.part} aria-label={t('incidents.history')}>
      <h4 className={css.partTitle}>
        {t('incidents.history')}
        <span className={css.legend}>
          <span data-world="physical">
            <IconDoor size={12} aria-hidden /> {t('incidents.world_physical')}
          </span>
          <span data-world="logical">
            <IconServer2 size={12} aria-hidden /> {t('incidents.world_logical')}
          </span>
        </span>
      </h4>
      <ol className={css.history}>
        {lines.map((line) =>
          'event' in line ? (
            <EventLine key={line.key} item={line.event} />
          ) : (
            <ActLine key={line.key} entry={line.entry} incident={incident} />
          ),
        )}
      </ol>
      {evidence.missing > 0 && (
        <p className="dim">{t('incidents.evidence_gone', { count: evidence.missing })}</p>
      )}
    </section>
  )
})

function EventLine({ item }: { item: EventItem }) {
  const world = worldOf(item.event)
  const person = personOf(item.event)
  const place = placeOf(item.event)
  return (
    <li className={css.line} data-world={world}>
      <span className={css.lineTime}>
        <Stamp at={item.time} place={place} />
      </span>
      <span className={css.lineMark}>
        {world === 'physical' ? (
          <IconDoor size={12} aria-hidden />
        ) : (
          <IconServer2 size={12} aria-hidden />
        )}
        <span className="hush">{t(`incidents.world_${world}`)}</span>
      </span>
      <div className={css.lineText}>
        <bdi>{describe(item.event)}</bdi>
        <span className={css.lineWho}>
          {person && <EntityLink entity={`person:${person}`} />}
          {place && <EntityLink entity={`place:${place}`} />}
          {place && <CameraLink entity={`place:${place}`} at={item.time} />}
        </span>
      </div>
    </li>
  )
}

const ICONS: Record<string, ReactNode> = {
  comment: <IconMessage size={12} aria-hidden />,
  owner: <IconUserShare size={12} aria-hidden />,
  step: <IconCheck size={12} aria-hidden />,
  opened: <IconFlag size={12} aria-hidden />,
  folded: <IconFlag size={12} aria-hidden />,
  notified: <IconBell size={12} aria-hidden />,
  escalated: <IconBell size={12} aria-hidden />,
}

function ActLine({ entry, incident }: { entry: TimelineEntry; incident: Incident }) {
  const directory = useDirectory()
  const isOurs = entry.by === 'castellan'
  // A call for help says itself who made it and how.
  const isCall = entry.act.act === 'opened' && incident.handling?.call
  const text = isCall
    ? String(entry.act.text)
    : entryText(entry, (e) => directory.nameOf(e), incident.sop)
  return (
    <li className={css.line} data-act={entry.act.act}>
      <span className={css.lineTime}>
        <Stamp at={entry.at} place={incident.site} />
      </span>
      <span className={css.lineMark}>
        {ICONS[entry.act.act] ?? <IconArrowRight size={12} aria-hidden />}
      </span>
      <div className={css.lineText}>
        <bdi>{entry.act.act === 'folded' ? directory.inWords(text, incident.entities) : text}</bdi>
        <span className={css.lineWho}>
          <span className="faint">
            <bdi>{isOurs ? 'Castellan' : directory.operatorName(entry.by)}</bdi>
          </span>
        </span>
      </div>
    </li>
  )
}
