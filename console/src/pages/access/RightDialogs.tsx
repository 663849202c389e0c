import { Select, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { useDirectory } from '../../org/organisation'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { useReading } from '../../parts/reading'
import { t } from '../../text'
import { nameOfPerson, usePeople } from '../people/people'
import type { Change, GroupItem, Page, RightItem, ScheduleItem, VersionItem } from './rights'

/** After a change, what was read of rights is old. */
function useAgain() {
  const queries = useQueryClient()
  return () =>
    void queries.invalidateQueries({
      predicate: ({ queryKey }) => String(queryKey[0]).startsWith('/v1/access/'),
    })
}

const changed = (change: Change): string =>
  t('access.changed', { version: change.version, count: change.changes.length })

/** Gives a group or a person a way into a zone or through a door. */
export function RightDialog({ close }: { close: () => void }) {
  const again = useAgain()
  const directory = useDirectory()
  const { people } = usePeople()
  const groups = useReading<Page<GroupItem>>('/v1/access/groups', { limit: 500 })
  const schedules = useReading<readonly ScheduleItem[]>('/v1/access/schedules')
  const [id, setId] = useState('')
  const [holder, setHolder] = useState<string | null>(null)
  const [place, setPlace] = useState<string | null>(null)
  const [schedule, setSchedule] = useState<string | null>(null)
  const [approved_by, setApprovedBy] = useState('')
  const zones = directory.organisation.places.filter(({ kind }) => kind === 'zone')
  const run = async (reason: string) => {
    const change = await call<Change>('PUT', `/v1/access/rights/${encodeURIComponent(id)}`, {
      json: {
        holder: split(holder),
        opens: split(place),
        schedule: schedule ?? undefined,
        approved_by: approved_by || undefined,
        reason,
      },
    })
    again()
    return changed(change)
  }
  return (
    <ReasonDialog
      title={t('access.give')}
      label={t('access.give')}
      isHarmless
      close={close}
      run={run}
    >
      <TextInput
        label={t('access.right_id')}
        description={t('access.point_hint')}
        value={id}
        maxLength={64}
        onChange={(event) => setId(event.currentTarget.value.trim())}
      />
      <Select
        label={t('access.who')}
        value={holder}
        onChange={setHolder}
        searchable
        limit={100}
        data={[
          {
            group: t('access.list_groups'),
            items: (groups.data?.items ?? []).map((one) => ({
              value: `group:${one.group}`,
              label: one.name ?? one.group,
            })),
          },
          {
            group: t('access.people'),
            items: people.map((one) => ({
              value: `person:${one.id}`,
              label: nameOfPerson(one),
            })),
          },
        ]}
      />
      <Select
        label={t('access.where')}
        value={place}
        onChange={setPlace}
        searchable
        limit={100}
        data={[
          {
            group: t('access.list_zones'),
            items: zones.map((one) => ({
              value: `zone:${one.id}`,
              label: directory.nameOf(`place:${one.id}`),
            })),
          },
          {
            group: t('access.doors_word'),
            items: directory.organisation.doors.map((one) => ({
              value: `door:${one.door}`,
              label: directory.nameOf(`place:${one.door}`),
            })),
          },
        ]}
      />
      <Select
        label={t('access.schedule')}
        placeholder={t('access.always')}
        value={schedule}
        onChange={setSchedule}
        clearable
        data={(schedules.data ?? []).map((one) => ({
          value: one.schedule,
          label: one.name ?? one.schedule,
        }))}
      />
      <TextInput
        label={t('access.approved_by')}
        value={approved_by}
        maxLength={64}
        onChange={(event) => setApprovedBy(event.currentTarget.value)}
      />
    </ReasonDialog>
  )
}

function split(text: string | null): { kind: string; id: string } {
  const at = text?.indexOf(':') ?? -1
  return { kind: text?.slice(0, at) ?? '', id: text?.slice(at + 1) ?? '' }
}

export function RemoveDialog({ right, close }: { right: RightItem; close: () => void }) {
  const again = useAgain()
  const directory = useDirectory()
  const holder =
    right.holder.kind === 'person'
      ? directory.nameOf(`person:${right.holder.id}`)
      : right.holder.id
  return (
    <ReasonDialog
      title={t('access.take')}
      label={t('access.take')}
      close={close}
      run={async (reason) => {
        const path = `/v1/access/rights/${encodeURIComponent(right.right)}`
        const change = await call<Change>('DELETE', path, { query: { reason } })
        again()
        return changed(change)
      }}
    >
      <p>
        {t('access.take_text', {
          holder,
          place: directory.nameOf(`place:${right.opens.id}`),
        })}
      </p>
    </ReasonDialog>
  )
}

export function UndoDialog({ version, close }: { version: VersionItem; close: () => void }) {
  const again = useAgain()
  return (
    <ReasonDialog
      title={t('access.undo')}
      label={t('access.undo')}
      close={close}
      run={async (reason) => {
        const path = `/v1/access/versions/${version.version}/undo`
        const change = await call<Change>('POST', path, { json: { reason } })
        again()
        return changed(change)
      }}
    >
      <p>{t('access.undo_text', { number: version.version, count: version.changes })}</p>
      <p className="dim">{version.why}</p>
    </ReasonDialog>
  )
}
