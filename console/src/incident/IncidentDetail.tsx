import { ActionIcon, Menu, Tooltip } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import type { ActionOffer, Incident } from '../api/types'
import { IncidentFindings } from '../finding/IncidentFindings'
import { useDirectory } from '../org/organisation'
import { OwnReport } from '../panic/OwnReport'
import { ReasonOwed } from '../panic/ReasonOwed'
import { useSession } from '../session/session'
import { t, teamName, type TextKey } from '../text'
import { msOf, span } from '../time/format'
import { ActionButton, refusalOf } from '../ui/ActionButton'
import { EntityLink } from '../ui/EntityLink'
import { ProblemNote, Waiting } from '../ui/Notes'
import { Severity } from '../ui/Severity'
import { Ago, Stamp } from '../ui/Stamp'
import type { Act } from './acts'
import { CallFacts } from './CallFacts'
import { callerName } from './calls'
import { CommentBox } from './CommentBox'
import { openDialog, type DialogKind } from './dialogs'
import { Escalation } from './Escalation'
import { milestoneOf, stateOf } from './filter'
import { History } from './History'
import { OwnerName, StateMark } from './IncidentRow'
import css from './incident.module.css'
import { Milestones } from './Milestones'
import { outcomeOf } from './outcome'
import { OutcomeOf } from './OutcomeOf'
import { More } from './More'
import { Procedure } from './Procedure'
import { useActs } from './useActs'
import { useIncident } from './useIncident'

/** One incident: what it is, what may be done, the procedure, the history of both worlds. */
export const IncidentDetail = memo(function IncidentDetail({ id }: { id: string }) {
  const { incident, offers, escalatesAt, own, error, retry } = useIncident(id)
  const directory = useDirectory()
  if (error) return <ProblemNote error={error} retry={retry} />
  if (!incident) return <Waiting />
  if (own) return <OwnReport incident={own} offer={offers.get('comment')} />
  const { call } = incident.handling ?? {}
  return (
    <div className={css.detail}>
      <div className={css.scroll}>
        <Headline incident={incident} />
        <OutcomeOf incident={incident} />
        <Actions incident={incident} offers={offers} />
        <Escalation incident={incident} due={escalatesAt} />
        <ReasonOwed incident={incident} />
        {call && (
          <CallFacts call={call} site={incident.site} name={callerName(incident, directory)} />
        )}
        <Facts incident={incident} />
        <Milestones incident={incident} offer={offers.get('mark')} />
        <Procedure incident={incident} offer={offers.get('tick_step')} />
        <IncidentFindings
          incident={incident}
          offer={offers.get('resolve')}
          part={css.part}
          title={css.partTitle}
        />
        <History incident={incident} />
      </div>
      <CommentBox incident={incident} offer={offers.get('comment')} />
    </div>
  )
})

/** How long it has been open; of one that is done, how long it was. */
function Age({ incident }: { incident: Incident }) {
  const end = outcomeOf(incident)?.at
  if (!end) return <Ago at={incident.opened_at} />
  const lasted = span(msOf(end) - msOf(incident.opened_at))
  return <span className="num">{t('incidents.was_open', { span: lasted })}</span>
}

function Headline({ incident }: { incident: Incident }) {
  const directory = useDirectory()
  return (
    <div className={css.headline} data-level={incident.level}>
      <div className={css.headlineTop}>
        <Severity level={incident.level} size={16} />
        <StateMark state={stateOf(incident)} milestone={milestoneOf(incident)} />
        <span className="dim">
          <Age incident={incident} />
        </span>
        <span className={css.spacer} />
        <More incident={incident} />
      </div>
      <h3 className={css.name}>
        <bdi>{directory.inWords(incident.title, incident.entities)}</bdi>
      </h3>
      <p className={css.because}>
        <bdi>{directory.inWords(incident.because, incident.entities)}</bdi>
      </p>
    </div>
  )
}

type Offers = ReadonlyMap<string, ActionOffer>

interface Entry {
  action: string
  key?: string
  label: TextKey
  act?: Act
  dialog?: DialogKind
}

/** In the order of the work; the first that is possible is the one that stands out. */
const MAIN: Entry[] = [
  { action: 'accept', key: 'y', label: 'incidents.action_accept', act: { action: 'accept' } },
  { action: 'decline', key: 'd', label: 'incidents.action_decline', act: { action: 'decline' } },
  {
    action: 'acknowledge',
    key: 'a',
    label: 'incidents.action_acknowledge',
    act: { action: 'acknowledge' },
  },
  { action: 'start', label: 'incidents.action_start', act: { action: 'start' } },
  { action: 'resolve', key: 'r', label: 'incidents.action_resolve', dialog: 'resolve' },
]
const OTHER: Entry[] = [
  { action: 'decline', label: 'incidents.action_decline_why', dialog: 'decline' },
  { action: 'assign', key: 't', label: 'incidents.action_assign', dialog: 'assign' },
  { action: 'offer', label: 'incidents.action_offer', dialog: 'offer' },
  { action: 'assign', key: 'e', label: 'incidents.action_escalate', dialog: 'escalate' },
  { action: 'snooze', key: 'h', label: 'incidents.action_snooze', dialog: 'snooze' },
  { action: 'wake', label: 'incidents.action_wake', act: { action: 'wake' } },
  { action: 'merge', key: 'm', label: 'incidents.action_merge', dialog: 'merge' },
  { action: 'close', label: 'incidents.action_close', act: { action: 'close' } },
  { action: 'reopen', label: 'incidents.action_reopen', dialog: 'reopen' },
]

/** Refused because there is nothing to do: nobody asks why. */
const MOOT = [
  'already_acknowledged',
  'already_in_progress',
  'not_offered',
  'not_snoozed',
  'snoozed_already',
]

function isMoot({ action }: Entry, offers: Offers): boolean {
  const code = offers.get(action)?.refusal?.code ?? ''
  return MOOT.includes(code) || (action === 'reopen' && code === 'not_resolved')
}

function Actions({ incident, offers }: { incident: Incident; offers: Offers }) {
  const { one } = useActs()
  const { operator } = useSession()
  // Who offers may take that back; who is offered it says yes or no.
  const isOwn = incident.handling?.offer?.by === operator.id
  const run = (entry: Entry) => {
    if (entry.action === 'decline' && isOwn) void one(incident, { action: 'decline' })
    else if (entry.act) void one(incident, entry.act)
    else if (entry.dialog) openDialog(entry.dialog, [incident])
  }
  if (offers.size === 0) return <div className={css.actions} aria-busy />
  // What is not possible now is below the dots, with its reason; what comes last stays in sight.
  const isMain = (entry: Entry) =>
    entry.action === 'resolve' ||
    (offers.get(entry.action)?.allowed === true && !(entry.action === 'decline' && isOwn))
  const labelOf = (entry: Entry): TextKey =>
    entry.action === 'decline' && isOwn ? 'incidents.action_take_back' : entry.label
  const first = MAIN.find((entry) => offers.get(entry.action)?.allowed)?.action
  const wake = offers.get('wake')?.allowed
  const aside = OTHER.filter(
    (entry) => entry.dialog === 'assign' || (wake && entry.action === 'wake'),
  )
  const isRest = (entry: Entry) =>
    !aside.includes(entry) && offers.has(entry.action) && !isMoot(entry, offers)
  const later = MAIN.filter(
    (e) => !isMain(e) && (e.action === 'start' || e.action === 'acknowledge'),
  )
  const rest = [...later, ...OTHER].filter(isRest)
  return (
    <div className={css.actions}>
      {[...MAIN.filter(isMain), ...aside.filter((e) => offers.has(e.action))].map((entry) => (
        <ActionButton
          key={entry.label}
          offer={offers.get(entry.action)}
          shortcut={entry.key}
          size="xs"
          variant={entry.action === first ? 'filled' : 'default'}
          onPress={() => run(entry)}
        >
          {t(entry.label)}
        </ActionButton>
      ))}
      <OtherActions list={rest} offers={offers} run={run} labelOf={labelOf} />
    </div>
  )
}

function OtherActions({
  list,
  offers,
  run,
  labelOf,
}: {
  list: Entry[]
  offers: Offers
  run: (entry: Entry) => void
  labelOf: (entry: Entry) => TextKey
}) {
  if (list.length === 0) return null
  return (
    <Menu width={260}>
      <Menu.Target>
        <Tooltip label={t('incidents.more_acts')}>
          <ActionIcon
            className={css.dots}
            variant="default"
            size={30}
            aria-label={t('incidents.more_acts')}
          >
            <IconDots size={16} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {list.map((entry) => {
          const refusal = refusalOf(offers.get(entry.action))
          return (
            <Menu.Item
              key={entry.label}
              disabled={refusal !== undefined}
              onClick={() => run(entry)}
              rightSection={entry.key && <span className="faint mono">{entry.key}</span>}
            >
              {t(labelOf(entry))}
              {refusal && <span className={css.refusal}>{refusal}</span>}
            </Menu.Item>
          )
        })}
      </Menu.Dropdown>
    </Menu>
  )
}

function Facts({ incident }: { incident: Incident }) {
  const directory = useDirectory()
  const { offer, snooze, merged_into, merged } = incident.handling ?? {}
  return (
    <dl className={css.facts}>
      <dt>{t('incidents.owner')}</dt>
      <dd>
        <OwnerName owner={incident.owner} />
        {offer && (
          <span className={css.offered}>
            {t('incidents.offered_to', {
              to:
                offer.to.kind === 'team'
                  ? teamName(offer.to.id)
                  : directory.operatorName(offer.to.id),
              owner:
                incident.owner.kind === 'team'
                  ? teamName(incident.owner.id)
                  : directory.operatorName(incident.owner.id),
            })}{' '}
            {t('incidents.offered_until')} <Stamp at={offer.until ?? ''} place={incident.site} />
            {offer.note && (
              <>
                {' '}
                · <bdi>{offer.note}</bdi>
              </>
            )}
          </span>
        )}
      </dd>
      <dt>{t('incidents.site')}</dt>
      <dd>{incident.site ? <EntityLink entity={`place:${incident.site}`} /> : '–'}</dd>
      <dt>{t('incidents.opened')}</dt>
      <dd>
        <Stamp at={incident.opened_at} place={incident.site} as="both" />
      </dd>
      {snooze && (
        <>
          <dt>{t('incidents.snoozed_until')}</dt>
          <dd>
            <Stamp at={snooze.until} place={incident.site} /> ·{' '}
            <bdi>{directory.operatorName(snooze.by)}</bdi>: <bdi>{snooze.reason}</bdi>
          </dd>
        </>
      )}
      {merged_into && (
        <>
          <dt>{t('incidents.merged_into')}</dt>
          <dd>
            <IncidentLink id={merged_into} />
          </dd>
        </>
      )}
      {merged && merged.length > 0 && (
        <>
          <dt>{t('incidents.holds_also')}</dt>
          <dd className={css.entities}>
            {merged.map((id) => (
              <IncidentLink key={id} id={id} />
            ))}
          </dd>
        </>
      )}
      {incident.entities.length > 0 && (
        <>
          <dt>{t('incidents.who_what')}</dt>
          <dd className={css.entities}>
            {incident.entities.map((entity) => (
              <EntityLink key={entity} entity={entity} />
            ))}
          </dd>
        </>
      )}
    </dl>
  )
}

function IncidentLink({ id }: { id: string }) {
  return (
    <Link to={'/incidents' as never} search={{ i: id } as never}>
      <span className="mono">{id}</span>
    </Link>
  )
}
