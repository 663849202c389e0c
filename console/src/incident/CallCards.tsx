import { Button } from '@mantine/core'
import { IconLifebuoy } from '@tabler/icons-react'
import { Link, useLocation } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Incident } from '../api/types'
import { useExternal } from '../live/external'
import { incidents } from '../live/incidents'
import { useDirectory } from '../org/organisation'
import { isMine, isUnheard } from '../panic/raised'
import { useRight } from '../session/session'
import { t } from '../text'
import { Ago, Stamp } from '../ui/Stamp'
import { useUrl } from '../url'
import { Phones } from './CallFacts'
import { callerName, callPlace } from './calls'
import css from './offer.module.css'
import { byUrgency } from './queue'
import { useActs } from './useActs'
import { useMe } from './useMe'

/** Shown at once; all of them stand in the queue. */
const SHOWN_MAX = 2

/** Who calls for help and was not heard yet, on every page of those who may answer. */
export function CallCards() {
  const { byId } = useExternal(incidents)
  const me = useMe()
  const right = useRight('incident.operate')
  const { one } = useActs()
  const list = useMemo(() => {
    const mine = [me.operator, me.person]
    const calls = [...byId.values()].filter(
      (incident) => isUnheard(incident) && !incident.isMasked && !isMine(incident, mine),
    )
    return calls.sort(byUrgency)
  }, [byId, me])
  if (!right.allowed || list.length === 0) return null
  return (
    <section className={css.calls} aria-label={t('incidents.calls')}>
      {list.slice(0, SHOWN_MAX).map((incident) => (
        <Call
          key={incident.id}
          incident={incident}
          answer={() =>
            void one(
              incident,
              incident.state === 'new'
                ? { action: 'acknowledge' }
                : { action: 'comment', text: t('desk.heard_again') },
            )
          }
        />
      ))}
    </section>
  )
}

/** Its page is open: on a phone the card would stand over it. */
function useIsShown(id: string): boolean {
  const { pathname } = useLocation()
  const [url] = useUrl()
  if (url.i !== id) return false
  return pathname.startsWith('/incidents') || url.at === 'incident'
}

function Call({ incident, answer }: { incident: Incident; answer: () => void }) {
  const directory = useDirectory()
  const name = callerName(incident, directory)
  const isShown = useIsShown(incident.id)
  const { call, escalated } = incident.handling ?? {}
  const again = call?.again?.at(-1)
  return (
    <article
      className={css.card}
      data-call
      data-shown={isShown || undefined}
      aria-label={incident.title}
    >
      <p className={css.from}>
        <IconLifebuoy size={15} aria-hidden />
        <bdi>{t('incidents.call_from', { name })}</bdi>
        <span className={`${css.left} num`}>
          <Ago at={again ?? incident.opened_at} />
        </span>
      </p>
      <p className={css.note}>
        {callPlace(incident, directory)}
        {call && (
          <>
            {' · '}
            <Phones call={call} />
          </>
        )}
      </p>
      {again && (
        <p className={css.note}>
          {t('desk.pressed_again')}: <Stamp at={again} place={incident.site} />
        </p>
      )}
      {incident.state === 'new' && escalated && escalated.length > 0 && (
        <p className={css.note}>
          {t('incidents.told_all', { count: escalated.length })}{' '}
          <Stamp at={escalated.at(-1)!} place={incident.site} />
        </p>
      )}
      <div className={css.acts}>
        <Button color="red" onClick={answer}>
          {t(incident.state === 'new' ? 'incidents.action_acknowledge' : 'desk.hear_again')}
        </Button>
        <Button
          variant="default"
          component={Link}
          to={'/operations' as never}
          search={{ i: incident.id, at: 'incident' } as never}
        >
          {t('incidents.show')}
        </Button>
      </div>
    </article>
  )
}
