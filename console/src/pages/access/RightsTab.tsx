import { SegmentedControl } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { useDirectory } from '../../org/organisation'
import { Cut, Mark } from '../../parts/Facts'
import { Answered, Table, type Column } from '../../parts/Table'
import { useReading } from '../../parts/reading'
import { useRight } from '../../session/session'
import { t, word } from '../../text'
import { span } from '../../time/format'
import { ActionButton } from '../../ui/ActionButton'
import { EmptyNote } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { Stamp } from '../../ui/Stamp'
import { useUrl } from '../../url'
import { RemoveDialog, RightDialog, UndoDialog } from './RightDialogs'
import type {
  CredentialItem,
  GroupItem,
  Page,
  RightItem,
  ScheduleItem,
  VersionItem,
  ZoneItem,
} from './rights'
import css from './access.module.css'

const KINDS = ['rights', 'groups', 'schedules', 'zones', 'credentials', 'versions'] as const
type Kind = (typeof KINDS)[number]

/** Who may pass where, by which hours, and every change of that. */
export function RightsTab({ head }: { head: ReactNode }) {
  const [url, setUrl] = useUrl()
  const [isAdding, setAdding] = useState(false)
  const right = useRight('access.edit')
  const kind = KINDS.find((one) => one === url.kind) ?? 'rights'
  const offer = { allowed: right.allowed, reason: right.reason ?? undefined }
  return (
    <Pane title={t('access.rights')} isFlush head={head}>
      <div className={css.bar}>
        <SegmentedControl
          value={kind}
          onChange={(value) => setUrl({ kind: value === 'rights' ? undefined : value })}
          aria-label={t('access.list')}
          data={KINDS.map((one) => ({ value: one, label: t(`access.list_${one}`) }))}
        />
        {kind === 'rights' ? (
          <ActionButton
            offer={offer}
            size="sm"
            leftSection={<IconPlus size={16} aria-hidden />}
            onPress={() => setAdding(true)}
          >
            {t('access.give')}
          </ActionButton>
        ) : (
          <span />
        )}
      </div>
      <Chosen kind={kind} offer={offer} />
      {isAdding && <RightDialog close={() => setAdding(false)} />}
    </Pane>
  )
}

interface ListProps {
  offer: { allowed: boolean; reason?: string }
}

function Chosen({ kind, offer }: ListProps & { kind: Kind }) {
  switch (kind) {
    case 'rights':
      return <Rights offer={offer} />
    case 'groups':
      return <Groups />
    case 'schedules':
      return <Schedules />
    case 'zones':
      return <Zones />
    case 'credentials':
      return <Credentials />
    case 'versions':
      return <Versions offer={offer} />
  }
}

const LIMIT = 500

interface ListingProps<T> {
  path: string
  label: string
  columns: readonly Column[]
  row: (item: T) => ReactNode
}

/** One list of the server's; longer ones say that they are cut. */
function Listing<T>({ path, label, columns, row }: ListingProps<T>) {
  const asked = useReading<Page<T> | readonly T[]>(path, { limit: LIMIT })
  return (
    <Answered asked={asked}>
      {(data) => {
        const items = 'items' in data ? data.items : data
        if (items.length === 0) {
          return <EmptyNote title={t('access.none')}>{t('access.none_text')}</EmptyNote>
        }
        const isCut = 'items' in data && Boolean(data.next)
        return (
          <Table
            label={label}
            columns={columns}
            after={isCut && <p className={css.cutNote}>{t('access.cut', { count: LIMIT })}</p>}
          >
            {items.map(row)}
          </Table>
        )
      }}
    </Answered>
  )
}

function Rights({ offer }: ListProps) {
  const directory = useDirectory()
  const [removing, setRemoving] = useState<RightItem>()
  return (
    <>
      <Listing<RightItem>
        path="/v1/access/rights"
        label={t('access.list_rights')}
        columns={[
          { label: t('access.who') },
          { label: t('access.where') },
          { label: t('access.schedule'), when: 'mid' },
          { label: t('access.approved_by'), when: 'wide' },
          { label: t('access.holds'), when: 'mid' },
          { label: t('access.acts'), isHushed: true, when: 'mid' },
        ]}
        row={(right) => (
          <tr key={right.right}>
            <td>
              <Cut>
                {right.holder.kind === 'person'
                  ? directory.nameOf(`person:${right.holder.id}`)
                  : right.holder.id}
              </Cut>
              <div className={css.hint}>{right.right}</div>
            </td>
            <td>
              <Cut>{directory.nameOf(`place:${right.opens.id}`)}</Cut>
            </td>
            <td data-mid className="dim">
              {right.schedule ?? t('access.always')}
            </td>
            <td data-wide className="dim">
              <Cut>{right.approved_by ? directory.operatorName(right.approved_by) : '–'}</Cut>
            </td>
            <td data-mid>
              <Mark tone={right.holds ? 'good' : undefined}>
                {t(right.holds ? 'access.in_force' : 'access.not_in_force')}
              </Mark>
            </td>
            <td data-mid data-end>
              <ActionButton
                offer={offer}
                size="compact-sm"
                variant="default"
                onPress={() => setRemoving(right)}
              >
                {t('access.take')}
              </ActionButton>
            </td>
          </tr>
        )}
      />
      {removing && <RemoveDialog right={removing} close={() => setRemoving(undefined)} />}
    </>
  )
}

function Groups() {
  return (
    <Listing<GroupItem>
      path="/v1/access/groups"
      label={t('access.list_groups')}
      columns={[
        { label: t('access.group') },
        { label: t('access.members'), isEnd: true },
        { label: t('access.within'), when: 'mid' },
        { label: t('access.traits'), when: 'wide' },
      ]}
      row={(group) => (
        <tr key={group.group}>
          <td>
            <Cut>{group.name ?? group.group}</Cut>
          </td>
          <td data-end className="num">
            {group.members}
          </td>
          <td data-mid className="dim">
            {group.within.join(', ') || '–'}
          </td>
          <td data-wide className="dim">
            {group.traits.map((trait) => word('access', 'trait', trait)).join(', ') || '–'}
          </td>
        </tr>
      )}
    />
  )
}

function Schedules() {
  return (
    <Listing<ScheduleItem>
      path="/v1/access/schedules"
      label={t('access.list_schedules')}
      columns={[
        { label: t('access.schedule') },
        { label: t('access.now') },
        { label: t('access.hours') },
        { label: t('access.time_zone'), when: 'wide' },
      ]}
      row={(schedule) => (
        <tr key={schedule.schedule}>
          <td>
            <Cut>{schedule.name ?? schedule.schedule}</Cut>
          </td>
          <td>
            <Mark tone={schedule.is_open ? 'good' : undefined}>
              {t(schedule.is_open ? 'access.open' : 'access.shut')}
            </Mark>
            {schedule.next_change && (
              <div className={css.hint}>
                {t('access.until_time')} <Stamp at={schedule.next_change} />
              </div>
            )}
          </td>
          <td data-wrap className="dim">
            {schedule.windows.map((window) => (
              <div key={`${window.days.join()} ${window.from}`}>
                {window.days.map((day) => word('access', 'day', day)).join(' ')} {window.from}–
                {window.to}
              </div>
            ))}
          </td>
          <td data-wide className="dim">
            {schedule.time_zone}
          </td>
        </tr>
      )}
    />
  )
}

function Zones() {
  const directory = useDirectory()
  return (
    <Listing<ZoneItem>
      path="/v1/access/zones"
      label={t('access.list_zones')}
      columns={[
        { label: t('access.zone') },
        { label: t('access.lease') },
        { label: t('access.at_expiry') },
        { label: t('access.asks'), when: 'mid' },
      ]}
      row={(zone) => (
        <tr key={zone.zone}>
          <td>
            <Cut>{zone.name ?? directory.nameOf(`place:${zone.zone}`)}</Cut>
          </td>
          <td className="num">{span(zone.lease_s * 1_000)}</td>
          <td data-wrap>
            {word('access', 'expiry', zone.at_expiry)}
            {zone.break_glass && <div className={css.hint}>{zone.break_glass}</div>}
          </td>
          <td data-mid data-wrap className="dim">
            {asksOf(zone).join(' · ') || '–'}
          </td>
        </tr>
      )}
    />
  )
}

function asksOf(zone: ZoneItem): string[] {
  return [
    zone.anti_passback !== 'off' && word('access', 'passback', zone.anti_passback),
    zone.two_person && t('access.two_person'),
    zone.escort && t('access.escort'),
    zone.occupancy_max && t('access.occupancy', { count: zone.occupancy_max }),
    zone.first_person && t('access.first_person', { group: zone.first_person }),
  ].filter((one): one is string => typeof one === 'string')
}

function Credentials() {
  const directory = useDirectory()
  return (
    <Listing<CredentialItem>
      path="/v1/access/credentials"
      label={t('access.list_credentials')}
      columns={[
        { label: t('access.kind_credential') },
        { label: t('access.kind_person') },
        { label: t('access.state') },
        { label: t('access.generation'), when: 'mid', isEnd: true },
        { label: t('access.format'), when: 'wide' },
      ]}
      row={(one) => (
        <tr key={one.credential}>
          <td>
            <Cut>{one.credential}</Cut>
          </td>
          <td>
            <Cut>
              {one.name ?? (one.person ? directory.nameOf(`person:${one.person}`) : '–')}
            </Cut>
          </td>
          <td>
            <Mark tone={one.revoked ? 'bad' : one.standing === 'active' ? 'good' : 'warn'}>
              {one.revoked ? t('access.shown_revoked') : word('access', 'standing', one.standing)}
            </Mark>
          </td>
          <td data-mid data-end className="num">
            {one.generation}
          </td>
          <td data-wide className="dim">
            {one.format ?? '–'}
          </td>
        </tr>
      )}
    />
  )
}

function Versions({ offer }: ListProps) {
  const directory = useDirectory()
  const [undoing, setUndoing] = useState<VersionItem>()
  return (
    <>
      <Listing<VersionItem>
        path="/v1/access/versions"
        label={t('access.list_versions')}
        columns={[
          { label: t('access.when') },
          { label: t('access.by') },
          { label: t('access.reason') },
          { label: t('access.changes'), isEnd: true },
          { label: t('access.acts'), isHushed: true },
        ]}
        row={(version) => (
          <tr key={version.version}>
            <td>
              <Stamp at={version.at} />
              <div className={css.hint}>
                {t('access.version', { number: version.version })} ·{' '}
                {t(`access.what_${version.what}`)}
              </div>
            </td>
            <td>
              <Cut>{directory.operatorName(version.by)}</Cut>
            </td>
            <td data-wrap className="dim">
              {version.why}
            </td>
            <td data-end className="num">
              {version.changes}
            </td>
            <td data-end>
              <ActionButton
                offer={offer}
                size="compact-sm"
                variant="default"
                onPress={() => setUndoing(version)}
              >
                {t('access.undo')}
              </ActionButton>
            </td>
          </tr>
        )}
      />
      {undoing && <UndoDialog version={undoing} close={() => setUndoing(undefined)} />}
    </>
  )
}
