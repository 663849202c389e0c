import { IconCheck, IconCircleOff, IconDoor, IconId, IconMapPin, IconServer2 } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { Incident } from '../../api/types'
import { describe, eventKey, worldOfClass, worldOf } from '../../event/describe'
import css from '../../finding/finding.module.css'
import { useEvidence } from '../../incident/evidence'
import { useDirectory } from '../../org/organisation'
import { useRight } from '../../session/session'
import { t, word } from '../../text'
import { fullDay } from '../../time/format'
import { EntityLink } from '../../ui/EntityLink'
import { Stamp } from '../../ui/Stamp'
import { excludedIn, heldIn, isItself } from './why'
import type { EventWhy, Excluded, Literal, LookUp, WhyAnswer } from './why'

/** The finding's events in order, each with what held of it and whom it led to. */
export function Steps({ answer, place }: { answer: WhyAnswer; place: string | undefined }) {
  // The evidence of an incident and of a finding have one shape.
  const { items } = useEvidence({ evidence: answer.finding.evidence } as unknown as Incident)
  return (
    <>
      <ol className={css.steps}>
        {answer.events.map((event) => {
          const item = items.find((one) => one.record === event.record)
          const world = item ? worldOf(item.event) : worldOfClass(event.class_uid)
          const Icon = world === 'physical' ? IconDoor : IconServer2
          const { record, part } = event
          const key = typeof part === 'number' ? eventKey({ record, part }) : undefined
          return (
            <li key={`${event.record}|${event.class_uid}`} className={css.step} data-world={world}>
              <span className={css.stepIcon}>
                <Icon size={13} aria-label={t(`incidents.world_${world}`)} />
              </span>
              <div className={css.stepTop}>
                <Stamp at={event.time} place={place} />
                {key ? (
                  <Link to={'/events' as never} search={{ mode: 'search', event: key } as never}>
                    <bdi>{item ? describe(item.event) : event.source}</bdi>
                  </Link>
                ) : (
                  <span className="dim">{t('findings.lost', { source: event.source })}</span>
                )}
              </div>
              <ul className={css.facts}>
                <Presence event={event} />
                {event.identifiers.map((one) => (
                  <Identifier key={`${one.kind}|${one.value}|${one.entity}`} one={one} />
                ))}
              </ul>
              <Conditions event={event} />
            </li>
          )
        })}
      </ol>
      {answer.more > 0 && <p className="faint">{t('findings.more_events', { count: answer.more })}</p>}
    </>
  )
}

/** What the rule asked of the event; open for those who write rules. */
function Conditions({ event }: { event: EventWhy }) {
  const writes = useRight('rule.try').allowed
  const held = heldIn(event.explanation)
  const excluded = excludedIn(event.explanation)
  if (held.length + excluded.length === 0) return null
  return (
    <details className={css.conditions} open={writes}>
      <summary>{t('findings.conditions', { count: held.length + excluded.length })}</summary>
      <ul className={css.facts}>
        {held.map((literal) => (
          <li key={literal.asks} data-truth="true">
            <IconCheck size={13} aria-label={t('findings.held')} />
            <Asks literal={literal} />
          </li>
        ))}
        {excluded.map((part) => (
          <NotHeld key={part.name} part={part} />
        ))}
      </ul>
    </details>
  )
}

/** Where its person was believed to be, before it. */
function Presence({ event }: { event: EventWhy }) {
  if (!event.presence) return null
  return (
    <li data-truth={event.presence === 'unknown' ? 'unknown' : 'true'}>
      <IconMapPin size={13} aria-hidden />
      <span>
        {t('findings.believed')} {word('people', 'state', event.presence)}
        {event.why_unknown && ` (${word('people', 'why', event.why_unknown)})`}
      </span>
      {event.zone && <EntityLink entity={`place:${event.zone}`} />}
    </li>
  )
}

/** What must not be so, and was not: the part's questions, with what the event has there. */
function NotHeld({ part }: { part: Excluded }) {
  const joined = t(part.of === 'all' ? 'findings.and' : 'findings.or')
  return (
    <li data-truth="true">
      <IconCircleOff size={13} aria-label={t('findings.held')} />
      <span>
        {t('findings.and_not')}{' '}
        {part.literals.map((literal, at) => (
          <span key={`${at}|${literal.asks}`}>
            {at > 0 && ` ${joined} `}
            {literal.members?.length ? <code>{asksOf(literal)}</code> : <Asks literal={literal} />}
            {literal.saw !== undefined && literal.truth === 'false' && (
              <>
                {' '}
                ({t('findings.saw')} <code>{literal.saw}</code>)
              </>
            )}
          </span>
        ))}
      </span>
    </li>
  )
}

/** What one question asks; where it asks for another field's value, in words. */
function Asks({ literal }: { literal: Literal }) {
  const [field, other] = literal.asks.split(' fieldref: ')
  if (other === undefined) return <code>{literal.asks}</code>
  return (
    <span>
      <code>{field}</code> {t('findings.same_as')} <code>{other}</code>
    </span>
  )
}

/** A group of questions on one line. */
const asksOf = (group: Literal): string => {
  const joined = ` ${t(group.of === 'all' ? 'findings.and' : 'findings.or')} `
  const all = (group.members ?? []).map((one) => (one.members?.length ? asksOf(one) : one.asks))
  return `(${all.join(joined)})`
}

/** By which identifier somebody or something was known, and for how long that has been so. */
function Identifier({ one }: { one: LookUp }) {
  const directory = useDirectory()
  const zone = directory.zoneOf(undefined)
  const day = (at: string) => fullDay(at, zone)
  const valid = [
    one.valid_from && t('findings.valid_from', { day: day(one.valid_from) }),
    one.valid_to && t('findings.valid_to', { day: day(one.valid_to) }),
  ].filter(Boolean)
  const isPlain = valid.length === 0 && (!one.state || one.state === 'current')
  if (isPlain && isItself(one.value, one.entity, directory.nameOf(one.entity))) return null
  return (
    <li>
      <IconId size={13} aria-hidden />
      <span>
        {one.kind.replaceAll('_', ' ')} <code>{one.value}</code> {t('findings.is_of')}
      </span>
      <EntityLink entity={one.entity} />
      {valid.length > 0 && <span>({valid.join(', ')})</span>}
      {one.state && one.state !== 'current' && <strong>{word('findings', 'state', one.state)}</strong>}
    </li>
  )
}
