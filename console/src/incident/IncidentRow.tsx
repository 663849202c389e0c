import {
  IconArrowsExchange,
  IconCheckbox,
  IconCircle,
  IconCircleCheck,
  IconCircleDotFilled,
  IconCircleHalf2,
  IconClockPause,
  IconPlayerPlay,
} from '@tabler/icons-react'
import { memo } from 'react'
import type { Incident, IncidentState } from '../api/types'
import { useDirectory, type Directory } from '../org/organisation'
import { t, teamName, word } from '../text'
import { Severity } from '../ui/Severity'
import { Ago, Stamp } from '../ui/Stamp'
import { msOf, shortSpan } from '../time/format'
import { milestoneOf, stateOf } from './filter'
import type { Row } from './flood'
import css from './list.module.css'
import { outcomeOf } from './outcome'

const STATES: Record<IncidentState, typeof IconCircle> = {
  new: IconCircleDotFilled,
  acknowledged: IconCircleHalf2,
  in_progress: IconPlayerPlay,
  snoozed: IconClockPause,
  resolved: IconCircleCheck,
  closed: IconCheckbox,
}

/** Where an incident stands, as shape and word. */
export function StateMark({
  state,
  milestone,
  isShort,
}: {
  state: IncidentState
  /** How far those who went there have come. */
  milestone?: string
  isShort?: boolean
}) {
  const Shape = STATES[state] ?? IconCircle
  const come = milestone && word('incidents', 'milestone', milestone)
  const words = [word('incidents', 'state', state), come].filter(Boolean).join(' · ')
  return (
    <span className={css.state} data-state={state} title={words}>
      <Shape size={13} aria-hidden />
      <span className={isShort ? 'hush' : 'cut'}>{words}</span>
    </span>
  )
}

/** The owner's name, a team's as such. */
export function OwnerName({ owner }: { owner: Incident['owner'] }) {
  const directory = useDirectory()
  return (
    <bdi className="cut">
      {owner.kind === 'team'
        ? teamName(owner.id)
        : directory.operatorName(owner.id)}
    </bdi>
  )
}

interface Props {
  incident: Incident
  isCurrent: boolean
  isTicked: boolean
  isChild: boolean
  isWide: boolean
  /** What was found stands beside the title. */
  isRoomy: boolean
  /** Somebody wants to hand it over to this operator. */
  isOffered: boolean
  /** Whose hand-over it is: this operator's own, which waits for a word. */
  me?: string
}

/** One incident as a row. Renders again only when it, or what is said of it here, changes. */
export const IncidentRow = memo(function IncidentRow(props: Props) {
  const { incident, isCurrent, isTicked, isChild, isWide, isRoomy, isOffered, me } = props
  const offer = incident.handling?.offer
  const givenTo = offer && me !== undefined && offer.by === me ? offer.to : undefined
  const directory = useDirectory()
  const state = stateOf(incident)
  const site = directory.siteName(incident.site)
  const title = directory.inWords(incident.title, incident.entities)
  const place = placeBeside(incident, title, directory)
  return (
    <div
      className={css.row}
      data-current={isCurrent || undefined}
      data-ticked={isTicked || undefined}
      data-child={isChild || undefined}
      data-state={state}
      data-level={incident.level}
      data-wide={isWide || undefined}
      data-roomy={isRoomy || undefined}
      data-offered={isOffered || undefined}
    >
      {isWide && <Tick isTicked={isTicked} />}
      <span className={css.severity}>
        <Severity level={incident.level} />
      </span>
      <span className={`${css.title} cut`}>
        {isOffered && (
          <span className={css.offered}>
            <IconArrowsExchange size={12} aria-hidden /> {t('incidents.offered_you')}
          </span>
        )}
        {givenTo && (
          <span className={css.given}>
            <IconArrowsExchange size={12} aria-hidden />{' '}
            {t('incidents.offered_by_you', {
              to: givenTo.kind === 'team' ? teamName(givenTo.id) : directory.operatorName(givenTo.id),
            })}
          </span>
        )}
        <bdi>{title}</bdi>
        {place && (
          <span className={css.where}>
            {' · '}
            <bdi>{place}</bdi>
          </span>
        )}
      </span>
      {isRoomy && (
        <span className={`${css.because} cut`}>
          <bdi>{directory.inWords(incident.because, incident.entities)}</bdi>
        </span>
      )}
      <SiteCell id={incident.site} isWide={isWide} name={site} />
      {isWide && (
        <span className={`${css.owner} cut`}>
          <OwnerName owner={incident.owner} />
        </span>
      )}
      <span className={css.stateCell}>
        {!isWide && isTicked ? (
          <Tick isTicked />
        ) : (
          <StateMark
            state={state}
            milestone={milestoneOf(incident)}
            isShort={!isWide}
          />
        )}
      </span>
      {isWide && (
        <span className={css.opened}>
          <Stamp at={incident.opened_at} place={incident.site} withSeconds={false} />
        </span>
      )}
      <span className={css.agoCell}>
        <Age incident={incident} />
      </span>
    </div>
  )
})

/** How long it has been open; the age of one that is done stands still. */
function Age({ incident }: { incident: Incident }) {
  const end = outcomeOf(incident)?.at
  if (!end) return <Ago at={incident.opened_at} isShort />
  return <span className="num">{shortSpan(msOf(end) - msOf(incident.opened_at))}</span>
}

/** The door, or else the place, that an incident is about, where its title does not name it. */
function placeBeside({ entities }: Incident, title: string, directory: Directory) {
  const places = entities.flatMap((entity) =>
    entity.startsWith('place:') ? (directory.place(entity.slice('place:'.length)) ?? []) : [],
  )
  const at =
    places.find(({ kind }) => kind === 'door') ?? places.find(({ kind }) => kind !== 'site')
  return at && !title.includes(at.name) ? at.name.slice(0, 120) : undefined
}

/** The site's name where there is room, else its short id. */
function SiteCell({ id, name, isWide }: { id?: string | null; name: string; isWide: boolean }) {
  return (
    <span className={`${css.site} cut`} title={name}>
      <bdi className={css.siteLong}>{name}</bdi>
      {!isWide && (
        <bdi className={css.siteShort} aria-hidden>
          {id ?? ''}
        </bdi>
      )}
    </span>
  )
}

function Tick({ isTicked }: { isTicked: boolean }) {
  return (
    <span className={css.tick} aria-hidden={!isTicked}>
      {isTicked && <IconCheckbox size={14} aria-label={t('incidents.ticked')} />}
    </span>
  )
}

interface GroupProps {
  row: Extract<Row, { kind: 'group' }>
  byId: ReadonlyMap<string, Incident>
  isCurrent: boolean
  isWide: boolean
  isRoomy: boolean
}

/** Many incidents of one cause as one row. */
export const GroupRow = memo(function GroupRow(props: GroupProps) {
  const { row, byId, isCurrent, isWide, isRoomy } = props
  const directory = useDirectory()
  const members = row.ids.flatMap((id) => byId.get(id) ?? [])
  const first = members[0]
  if (!first) return null
  const waiting = members.filter((incident) => incident.state === 'new').length
  const newest = members.reduce((a, b) => (a.opened_at > b.opened_at ? a : b))
  return (
    <div
      className={css.row}
      data-current={isCurrent || undefined}
      data-group
      data-level={row.level}
      data-wide={isWide || undefined}
      data-roomy={isRoomy || undefined}
      data-state={waiting > 0 ? 'new' : 'acknowledged'}
    >
      {isWide && (
        <span className={css.tick}>
          <Twist isOpen={row.isOpen} />
        </span>
      )}
      <span className={css.severity}>
        <Severity level={row.level} />
      </span>
      <span className={css.groupTitle}>
        <bdi className={`${css.title} cut`}>{directory.inWords(first.title, first.entities)}</bdi>
        <span
          className={`${css.groupCount} num`}
          title={t('incidents.group_of', { count: row.ids.length })}
        >
          {isWide ? t('incidents.group_of', { count: row.ids.length }) : `×${row.ids.length}`}
        </span>
        {isWide && waiting > 0 && (
          <span className={`${css.groupNew} num`}>
            {t('incidents.group_new', { count: waiting })}
          </span>
        )}
      </span>
      {isRoomy && (
        <span className={`${css.because} cut`}>
          <bdi>{directory.inWords(first.because, first.entities)}</bdi>
        </span>
      )}
      <SiteCell id={first.site} isWide={isWide} name={directory.siteName(first.site)} />
      {isWide && <span />}
      <span className={css.stateCell}>{!isWide && <Twist isOpen={row.isOpen} />}</span>
      {isWide && <span />}
      <span className={css.agoCell}>
        <Ago at={newest.opened_at} isShort />
      </span>
    </div>
  )
})

function Twist({ isOpen }: { isOpen: boolean }) {
  return <span className={css.twist} data-open={isOpen || undefined} aria-hidden />
}
