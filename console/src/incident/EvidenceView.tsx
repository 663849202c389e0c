import { SegmentedControl, UnstyledButton } from '@mantine/core'
import { IconDoor, IconServer2, IconStarFilled } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { memo, useEffect, useMemo, useRef, useState } from 'react'
import type { EventItem, Incident } from '../api/types'
import { CameraLink } from '../camera/CameraLink'
import {
  assetOf,
  describe,
  eventKey,
  personOf,
  siteOf,
  whereInWords,
  whereOf,
  worldOf,
  type World,
} from '../event/describe'
import { useKeys } from '../keys/keys'
import { useDirectory } from '../org/organisation'
import { momentsOf } from '../pages/whereabouts/moments'
import { WhoCould } from '../pages/whereabouts/WhoCould'
import { t } from '../text'
import { EntityLink } from '../ui/EntityLink'
import { EmptyNote, ProblemNote, Waiting } from '../ui/Notes'
import { Stamp } from '../ui/Stamp'
import { useUrl } from '../url'
import { byTime, evidenceOf, isAbout, useAround, useEvidence } from './evidence'
import css from './evidence.module.css'
import { Lanes } from './Lanes'

const AROUND = ['0', '5', '15', '60']

/** The events of an incident and around it: over time, and one by one. */
export const EvidenceView = memo(function EvidenceView({ incident }: { incident: Incident }) {
  const [url, setUrl] = useUrl()
  const minutes = AROUND.includes(url.around ?? '') ? Number(url.around) : 5
  const evidence = useEvidence(incident)
  const around = useAround(incident, minutes)
  const directory = useDirectory()
  const zone = directory.zoneOf(incident.site)
  const [chosen, choose] = useState<string>()
  const [worlds, setWorlds] = useState({ physical: true, logical: true })
  const shown = useMemo(() => {
    const entities = new Set(incident.entities)
    const isDoor = (place: string) => directory.door(place) !== undefined
    return evidenceOf(evidence.items, around.data ?? [], (event) =>
      isAbout(event, entities, isDoor),
    )
  }, [around.data, evidence.items, incident.entities, directory])
  const { own } = shown
  const [about, others] = useMemo(() => {
    const isOf = (item: EventItem) => worlds[worldOf(item.event)]
    return [shown.about.filter(isOf), shown.around.filter(isOf)]
  }, [shown, worlds])
  /** As the table has them, and as they happened. */
  const items = useMemo(() => [...about, ...others], [about, others])
  const inTime = useMemo(() => [...items].sort(byTime), [items])
  const move = (by: number) => {
    if (items.length === 0) return
    const here = items.findIndex((item) => eventKey(item) === chosen)
    const next =
      here < 0
        ? by > 0
          ? 0
          : items.length - 1
        : Math.min(items.length - 1, Math.max(0, here + by))
    choose(eventKey(items[next]!))
  }
  useKeys([
    {
      keys: ']',
      label: t('incidents.key_next'),
      group: t('incidents.key_group_incident'),
      run: () => move(1),
    },
    {
      keys: '[',
      label: t('incidents.key_previous'),
      group: t('incidents.key_group_incident'),
      run: () => move(-1),
    },
  ])
  // About the one that is chosen; else about all that the findings rest on.
  const one = items.filter((item) => eventKey(item) === chosen)
  const asked = one.length > 0 ? one : evidence.items
  const tools = (
    <div className={css.tools}>
      <div className={css.toolsIn}>
        <SegmentedControl
          size="xs"
          value={String(minutes)}
          onChange={(around) => setUrl({ around })}
          aria-label={t('incidents.around')}
          data={AROUND.map((value) => ({
            value,
            label:
              value === '0'
                ? t('incidents.around_evidence')
                : value === AROUND.at(-1)
                  ? t('incidents.around_minutes', { count: value })
                  : `± ${value}`,
          }))}
        />
        {(['physical', 'logical'] as const).map((world) => (
          <UnstyledButton
            key={world}
            className={css.world}
            data-world={world}
            aria-pressed={worlds[world]}
            title={t(`incidents.world_${world}`)}
            onClick={() => setWorlds((before) => ({ ...before, [world]: !before[world] }))}
          >
            <WorldIcon world={world} />
            {t(`people.lane_${world}`)}
          </UnstyledButton>
        ))}
        <span className={`${css.counted} num`}>
          {t('incidents.evidence_shown', { count: items.length, own: own.size })}
        </span>
        {evidence.items.length > 0 && (
          <WhoCould moments={momentsOf(asked)} className={css.whoLink} />
        )}
      </div>
    </div>
  )
  if (incident.evidence.length === 0 && items.length === 0 && !around.isPending) {
    return (
      <div className={css.view}>
        {tools}
        <EmptyNote title={t('incidents.evidence_none')}>
          {t('incidents.evidence_none_text')}
        </EmptyNote>
      </div>
    )
  }
  return (
    <div className={css.view}>
      {tools}
      {items.length > 0 && (
        <Lanes items={inTime} evidence={own} chosen={chosen} choose={choose} zone={zone} />
      )}
      {around.isError && <ProblemNote error={around.error} retry={() => void around.refetch()} />}
      {items.length === 0 && (evidence.isReading || around.isPending) && <Waiting />}
      <EventTable about={about} around={others} own={own} chosen={chosen} choose={choose} />
    </div>
  )
})

function WorldIcon({ world }: { world: World }) {
  const Icon = world === 'physical' ? IconDoor : IconServer2
  return <Icon size={14} aria-hidden />
}

interface TableProps {
  about: readonly EventItem[]
  /** What else happened then. */
  around: readonly EventItem[]
  own: ReadonlySet<string>
  chosen: string | undefined
  choose: (key: string) => void
}

const EventTable = memo(function EventTable({ about, around, own, chosen, choose }: TableProps) {
  const row = (item: EventItem, isAround: boolean) => {
    const key = eventKey(item)
    return (
      <tr
        key={key}
        data-evidence={own.has(key) || undefined}
        data-around={isAround || undefined}
        onClick={() => choose(key)}
        data-chosen={key === chosen || undefined}
      >
        <EventCells item={item} isEvidence={own.has(key)} />
      </tr>
    )
  }
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    box.current?.querySelector('[data-chosen]')?.scrollIntoView({ block: 'nearest' })
  }, [chosen])
  return (
    <div
      className={css.tableBox}
      ref={box}
      tabIndex={0}
      role="group"
      aria-label={t('incidents.evidence')}
    >
      <table className={css.table}>
        <colgroup>
          <col className={css.when} />
          <col />
          <col className={css.who} />
          <col className={css.where} />
        </colgroup>
        <thead className="hush">
          <tr>
            <th>{t('incidents.seen')}</th>
            <th>{t('incidents.evidence')}</th>
            <th>{t('incidents.who_what')}</th>
            <th>{t('incidents.where')}</th>
          </tr>
        </thead>
        <tbody>{about.map((item) => row(item, false))}</tbody>
        {around.length > 0 && (
          <tbody>
            <tr className={css.aroundHead}>
              {/* As many columns as are left where there is little room. */}
              <th colSpan={2} scope="rowgroup">
                {t('incidents.evidence_around')}
              </th>
            </tr>
            {around.map((item) => row(item, true))}
          </tbody>
        )}
      </table>
    </div>
  )
})

const EventCells = memo(function EventCells({
  item,
  isEvidence,
}: {
  item: EventItem
  isEvidence: boolean
}) {
  const world = worldOf(item.event)
  const person = personOf(item.event)
  const { place } = whereOf(item.event)
  const asset = assetOf(item.event)
  const directory = useDirectory()
  const where = whereInWords(item.event, directory.nameOf)
  // Where there is no room beside it, it stands below.
  const about = [
    person ? directory.nameOf(`person:${person}`) : asset && directory.nameOf(`asset:${asset}`),
    where,
  ]
    .filter(Boolean)
    .join(' · ')
  return (
    <>
      <td className={css.when}>
        <Stamp at={item.time} place={place ?? siteOf(item.event)} />
      </td>
      <td className={css.what} data-world={world}>
        <span className={css.whatIn}>
          <WorldIcon world={world} />
          <Link
            to={'/events' as never}
            search={{ mode: 'search', event: eventKey(item) } as never}
            className={css.whatText}
          >
            <bdi>{describe(item.event)}</bdi>
          </Link>
          {isEvidence && (
            <IconStarFilled size={11} className={css.star} aria-label={t('incidents.evidence')} />
          )}
        </span>
        <span className={css.sub} aria-hidden>
          <bdi className="cut">{about}</bdi>
        </span>
      </td>
      <td className={css.who}>
        {person ? (
          <EntityLink entity={`person:${person}`} />
        ) : (
          asset && <EntityLink entity={`asset:${asset}`} />
        )}
      </td>
      <td className={css.where}>
        {place ? (
          <span className={css.whereIn}>
            <EntityLink entity={`place:${place}`} />
            <CameraLink entity={`place:${place}`} at={item.time} />
          </span>
        ) : (
          <bdi className="dim">{where}</bdi>
        )}
      </td>
    </>
  )
})
