import { IconCircleOff } from '@tabler/icons-react'
import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { get } from '../api/client'
import type { ActionOffer, Finding, Incident } from '../api/types'
import { useActs } from '../incident/useActs'
import { useDirectory } from '../org/organisation'
import { t } from '../text'
import { ActionButton } from '../ui/ActionButton'
import { Stamp } from '../ui/Stamp'
import { FindingMark } from './FindingMark'
import css from './finding.module.css'
import { areAllWithdrawn } from './withdrawn'

/** The newest findings are listed; the history has them all. */
const SHOWN = 12
const EVERY_MS = 15_000

interface Props {
  incident: Incident
  offer: ActionOffer | undefined
  /** The class names of a part of the incident's page. */
  part: string | undefined
  title: string | undefined
}

/** What the rules concluded: each final, still open, or overturned; and when nothing is left. */
export function IncidentFindings({ incident, offer, part, title }: Props) {
  const directory = useDirectory()
  const list = useFindings(incident)
  if (incident.findings.length === 0) return null
  const more = incident.findings.length - SHOWN
  return (
    <section className={part} aria-label={t('findings.title')}>
      <h4 className={title}>{t('findings.title')}</h4>
      <AllWithdrawn incident={incident} offer={offer} />
      <ul className={css.list}>
        {list.map((finding) => (
          <li key={finding.finding} className={css.row} data-state={finding.state}>
            <FindingMark state={finding.state} />
            <Stamp at={finding.time} place={incident.site} />
            <Link
              to={'/findings' as never}
              search={{ id: finding.finding } as never}
              className={css.because}
            >
              <bdi>{directory.inWords(finding.because.slice(0, 300)) || finding.title}</bdi>
            </Link>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="faint">{t('findings.more', { count: more })}</p>}
    </section>
  )
}

/** The incident's newest findings, newest first; those that may still change are read again. */
function useFindings(incident: Incident): Finding[] {
  const ids = useMemo(() => incident.findings.slice(-SHOWN).reverse(), [incident.findings])
  const results = useQueries({
    queries: ids.map((id) => ({
      queryKey: ['finding', id, incident.version],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        get<Finding>(`/v1/findings/${encodeURIComponent(id)}`, {}, signal),
      refetchInterval: (now: { state: { data?: Finding } }) =>
        now.state.data?.state === 'provisional' ? EVERY_MS : (false as const),
    })),
  })
  return results.flatMap((result) => result.data ?? [])
}

/** Nothing that opened it stands any more; whoever works it says so with one press. */
function AllWithdrawn({ incident, offer }: Pick<Props, 'incident' | 'offer'>) {
  const { one } = useActs()
  if (!areAllWithdrawn(incident)) return null
  const isOpen = !['resolved', 'closed'].includes(incident.state)
  const resolve = () =>
    void one(incident, {
      action: 'resolve',
      disposition: 'withdrawn',
      reason: t('findings.all_withdrawn'),
    })
  return (
    <p className={css.gone} role="status">
      <IconCircleOff size={16} aria-hidden />
      <span>{t('findings.all_withdrawn')}</span>
      {isOpen && (
        <ActionButton size="xs" variant="default" offer={offer} onPress={resolve}>
          {t('findings.resolve_withdrawn')}
        </ActionButton>
      )}
    </p>
  )
}
