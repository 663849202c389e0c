import { ActionIcon, UnstyledButton } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconAlertTriangle, IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { memo, useEffect, useState } from 'react'
import { CameraLink } from '../camera/CameraLink'
import { incidents, isOpen } from '../live/incidents'
import { useExternal } from '../live/external'
import { useDirectory } from '../org/organisation'
import { t, word } from '../text'
import { EntityLink } from '../ui/EntityLink'
import { Ago, Stamp } from '../ui/Stamp'
import { Portrait } from './Portrait'
import { dismiss, incidentOf, refusalKey, useRefusals, type Refusal } from './refusals'
import css from './refusal.module.css'

/** Shown at once; the rest is counted until asked for. */
const SHOWN_MAX = 3
const SHOWN_ON_PHONE_MAX = 1

/** Who was just refused, where and why: over the page, moving nothing and asking for no focus. */
export function RefusedCards({ className }: { className?: string }) {
  const list = useRefusals()
  const [isWhole, setWhole] = useState(false)
  const isPhone = useMediaQuery('(max-width: 720px)', false)
  const most = isPhone ? SHOWN_ON_PHONE_MAX : SHOWN_MAX
  const shown = isWhole ? list : list.slice(0, most)
  const newest = list[0]
  const [chosen, setChosen] = useState<string>()
  // The newest comes to the front by itself; whoever chose another keeps it until then.
  useEffect(() => setChosen(undefined), [newest && refusalKey(newest)])
  const front = chosen ?? (newest && refusalKey(newest))
  return (
    <section className={`${css.stack} ${className ?? ''}`} aria-label={t('desk.refused')}>
      <Voice newest={newest} />
      {list.length > 1 && (
        <div className={css.stackHead}>
          {list.length > most && (
            <UnstyledButton className={css.more} onClick={() => setWhole(!isWhole)}>
              {isWhole
                ? t('desk.refused_fewer')
                : t('desk.refused_more', { count: list.length - most })}
            </UnstyledButton>
          )}
          <UnstyledButton className={css.more} onClick={() => dismiss(list.map(refusalKey))}>
            {t('desk.refused_clear')}
          </UnstyledButton>
        </div>
      )}
      {shown.length > 0 && (
        <ul className={css.cards}>
          {shown.map((one) =>
            refusalKey(one) === front ? (
              <Card key={refusalKey(one)} one={one} />
            ) : (
              <Line key={refusalKey(one)} one={one} show={() => setChosen(refusalKey(one))} />
            ),
          )}
        </ul>
      )}
    </section>
  )
}

/** For ears: the newest, politely. */
function Voice({ newest }: { newest: Refusal | undefined }) {
  const directory = useDirectory()
  return (
    <div className="hush" aria-live="polite">
      {newest &&
        t('desk.refused_said', {
          name: newest.person?.name ?? t('desk.refused_nobody'),
          door: directory.nameOf(`place:${newest.door}`),
        })}
    </div>
  )
}

const Card = memo(function Card({ one }: { one: Refusal }) {
  const { byId } = useExternal(incidents)
  const incident = incidentOf(one, [...byId.values()].filter(isOpen))
  const name = nameOf(one)
  return (
    <li className={css.card}>
      <Portrait
        id={one.person?.id}
        name={one.person?.name ?? undefined}
        hasPhoto={one.person?.photo ?? false}
      />
      <div className={css.said}>
        <div className={css.name}>
          {one.person ? (
            <Link to="/people" search={{ id: one.person.id } as never}>
              <bdi>{name}</bdi>
            </Link>
          ) : (
            t('desk.refused_nobody')
          )}
        </div>
        <div className={css.where}>
          <EntityLink entity={`place:${one.door}`} />
        </div>
        <div className={css.why}>
          <bdi>{reasonOf(one)}</bdi>
        </div>
        <div className={css.when}>
          <Stamp at={one.at} place={one.door} /> · <Ago at={one.at} isShort />
          <span className={css.links}>
            <CameraLink entity={`place:${one.door}`} at={one.at} />
            {incident && (
              <Link
                to="/operations"
                search={{ i: incident.id, at: 'incident' } as never}
                className={css.incident}
              >
                <IconAlertTriangle size={13} aria-hidden /> {t('incidents.incident')}
              </Link>
            )}
          </span>
        </div>
      </div>
      <Dismiss one={one} />
    </li>
  )
})

function Dismiss({ one }: { one: Refusal }) {
  return (
    <ActionIcon
      size="sm"
      aria-label={t('desk.refused_dismiss', { name: nameOf(one) ?? t('desk.refused_nobody') })}
      onClick={() => dismiss([refusalKey(one)])}
    >
      <IconX size={15} />
    </ActionIcon>
  )
}

/** One that is no longer the newest: a line, until it is asked for. */
const Line = memo(function Line({ one, show }: { one: Refusal; show: () => void }) {
  const directory = useDirectory()
  return (
    <li className={css.line}>
      <UnstyledButton className={css.lineButton} onClick={show}>
        <Portrait
          id={one.person?.id}
          name={one.person?.name ?? undefined}
          hasPhoto={one.person?.photo ?? false}
          isSmall
        />
        <bdi className={`${css.lineName} cut`}>{nameOf(one) ?? t('desk.refused_nobody')}</bdi>
        <bdi className={`${css.lineDoor} cut`}>{directory.nameOf(`place:${one.door}`)}</bdi>
        <Ago at={one.at} isShort />
      </UnstyledButton>
      <Dismiss one={one} />
    </li>
  )
})

const nameOf = ({ person }: Refusal): string | undefined =>
  person ? (person.name ?? person.id) : undefined

/** How the credential stood, and what the controller says in its own short words. */
function reasonOf({ credential, reason }: Refusal): string {
  const stood = credential && credential !== 'current' ? word('desk', 'credential', credential) : ''
  const said = reason ? reason.charAt(0).toLocaleUpperCase() + reason.slice(1, 300) : ''
  return [stood, said].filter(Boolean).join(' · ') || t('desk.refused_unsaid')
}
