import { Button, Kbd } from '@mantine/core'
import { useElementSize, useMediaQuery } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { IconArrowsExchange } from '@tabler/icons-react'
import { Link, useLocation } from '@tanstack/react-router'
import { useEffect, useMemo, useRef } from 'react'
import type { Incident } from '../api/types'
import { useKeys } from '../keys/keys'
import { incidents } from '../live/incidents'
import { useExternal } from '../live/external'
import { useDirectory } from '../org/organisation'
import { t, teamName } from '../text'
import { ticking } from '../time/clock'
import { msOf, span } from '../time/format'
import { Severity } from '../ui/Severity'
import ui from '../ui/ui.module.css'
import { useUrl } from '../url'
import { CallCards } from './CallCards'
import { isOfferedTo } from './filter'
import { endOf, givenBy } from './given'
import css from './offer.module.css'
import { byUrgency } from './queue'
import { useActs } from './useActs'
import { useMe } from './useMe'

/** Shown at once; the rest is counted. */
const SHOWN_MAX = 2
const SHOWN_ON_PHONE_MAX = 1

/** What others want to hand over to this operator, gravest first. */
function useOffered(): Incident[] {
  const { byId } = useExternal(incidents)
  const me = useMe()
  return useMemo(
    () => [...byId.values()].filter((one) => isOfferedTo(one, me)).sort(byUrgency),
    [byId, me],
  )
}

/** Tells whoever hands over how that ended: the row it stood in says nothing of it any more. */
function useTold(): void {
  const { byId, isLoaded } = useExternal(incidents)
  const me = useMe()
  const directory = useDirectory()
  const before = useRef<ReadonlyMap<string, unknown>>(new Map())
  useEffect(() => {
    if (!isLoaded) return
    const now = givenBy(byId.values(), me)
    for (const id of before.current.keys()) {
      const incident = now.has(id) ? undefined : byId.get(id)
      const ended = incident && endOf(incident, me)
      if (!ended) continue
      const { how, by, reason } = ended
      const name = directory.operatorName(by)
      const title = directory.inWords(ended.incident.title, ended.incident.entities)
      notifications.show({
        title: t(`incidents.given_${how}`, { name }),
        message: reason ? `${title}: ${reason}` : title,
        color: how === 'accepted' ? 'green' : 'yellow',
        autoClose: how === 'accepted' ? 8_000 : 20_000,
        withBorder: true,
      })
    }
    before.current = now
  }, [byId, isLoaded, me, directory])
}

/** Hand-overs that wait for a word, on every page: over it, moving nothing, asking for no focus. */
export default function OfferCards() {
  const list = useOffered()
  useTold()
  const isPhone = useMediaQuery('(max-width: 720px)', false)
  const most = isPhone ? SHOWN_ON_PHONE_MAX : SHOWN_MAX
  const { one } = useActs()
  const directory = useDirectory()
  const { pathname } = useLocation()
  const [url, setUrl] = useUrl()
  /** The one that is looked at, else the gravest. */
  const chosen = list.find((incident) => incident.id === url.i) ?? list[0]
  const accept = async (incident: Incident) => {
    const isDone = await one(incident, { action: 'accept' })
    if (isDone && /^\/(operations|incidents)/.test(pathname)) setUrl({ i: incident.id })
  }
  const decline = async (incident: Incident) => {
    if (!(await one(incident, { action: 'decline' }))) return
    const name = directory.operatorName(incident.owner.id)
    notifications.show({ message: t('incidents.offer_left_with', { name }), withBorder: true })
  }
  const { ref, height } = useElementSize()
  useEffect(() => {
    // What stands in the same corner of a phone stands above these.
    document.documentElement.style.setProperty('--offers-height', `${height && height + 8}px`)
  }, [height])
  const group = t('incidents.key_group_incident')
  useKeys([
    {
      keys: 'y',
      label: t('incidents.key_accept'),
      group,
      run: () => chosen && void accept(chosen),
    },
    {
      keys: 'd',
      label: t('incidents.key_decline'),
      group,
      run: () => chosen && void decline(chosen),
    },
  ])
  return (
    <div ref={ref} className={css.offers}>
      <CallCards />
      <section className={css.calls} aria-label={t('incidents.offers')}>
      {list.slice(0, most).map((incident) => (
        <Card
          key={incident.id}
          incident={incident}
          isFirst={incident === chosen}
          accept={() => void accept(incident)}
          decline={() => void decline(incident)}
        />
      ))}
      {list.length > most && (
        <Link className={css.more} to={'/incidents' as never} search={{ owner: 'me' } as never}>
          {t('incidents.offers_more', { count: list.length - most })}
        </Link>
      )}
      </section>
    </div>
  )
}

interface CardProps {
  incident: Incident
  /** Its keys are those that are heard. */
  isFirst: boolean
  accept: () => void
  decline: () => void
}

function Card({ incident, isFirst, accept, decline }: CardProps) {
  const directory = useDirectory()
  const offer = incident.handling!.offer!
  const by = directory.operatorName(offer.by ?? '')
  const key = (text: string) =>
    isFirst && (
      <Kbd className={ui.kbd} aria-hidden>
        {text}
      </Kbd>
    )
  return (
    <article className={css.card} aria-label={incident.title}>
      <p className={css.from}>
        <IconArrowsExchange size={15} aria-hidden />
        <bdi>
          {offer.to.kind === 'team'
            ? t('incidents.offer_to_team', { name: by, team: teamName(offer.to.id) })
            : t('incidents.offer_to_you', { name: by })}
        </bdi>
        {offer.until && <Left until={offer.until} />}
      </p>
      <Link
        className={css.title}
        to={'/operations' as never}
        search={{ i: incident.id, at: 'incident' } as never}
      >
        <Severity level={incident.level} isShort />
        <bdi>{directory.inWords(incident.title, incident.entities)}</bdi>
      </Link>
      {offer.note && (
        <p className={css.note}>
          <bdi>“{offer.note}”</bdi>
        </p>
      )}
      <div className={css.acts}>
        <Button onClick={accept} rightSection={key('y')}>
          {t('incidents.action_accept')}
        </Button>
        <Button variant="default" onClick={decline} rightSection={key('d')}>
          {t('incidents.action_decline')}
        </Button>
      </div>
    </article>
  )
}

/** How long it still waits before it goes back. */
function Left({ until }: { until: string }) {
  const now = useExternal(ticking)
  return (
    <span className={`${css.left} num`}>
      {t('incidents.offer_left', { span: span(msOf(until) - now) })}
    </span>
  )
}
