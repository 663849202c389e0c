import { Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { call } from '../../api/client'
import { useDirectory } from '../../org/organisation'
import { useReading } from '../../parts/reading'
import { t } from '../../text'
import { nameOfPerson, usePeople } from '../people/people'
import { ChangeDialog } from './ChangeDialog'
import type { Change, GroupItem, Page, RightItem, ScheduleItem, VersionItem } from './rights'

/** Gives a group or a person a way into a zone or through a door. */
export function RightDialog({ close }: { close: () => void }) {
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
  const change = (reason: string) =>
    call<Change>('PUT', `/v1/access/rights/${encodeURIComponent(id)}`, {
      json: {
        holder: split(holder),
        opens: split(place),
        schedule: schedule ?? undefined,
        approved_by: approved_by || undefined,
        reason,
      },
    })
  return (
    <ChangeDialog
      label={t('access.give')}
      close={close}
      change={change}
      isReady={id !== '' && holder !== null && place !== null}
      isHarmless
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
    </ChangeDialog>
  )
}

function split(text: string | null): { kind: string; id: string } {
  const at = text?.indexOf(':') ?? -1
  return { kind: text?.slice(0, at) ?? '', id: text?.slice(at + 1) ?? '' }
}

export function RemoveDialog({ right, close }: { right: RightItem; close: () => void }) {
  const directory = useDirectory()
  const holder =
    right.holder.kind === 'person'
      ? directory.nameOf(`person:${right.holder.id}`)
      : right.holder.id
  return (
    <ChangeDialog
      label={t('access.take')}
      close={close}
      change={(reason) =>
        call('DELETE', `/v1/access/rights/${encodeURIComponent(right.right)}`, { query: { reason } })
      }
    >
      <p>
        {t('access.take_text', {
          holder,
          place: directory.nameOf(`place:${right.opens.id}`),
        })}
      </p>
    </ChangeDialog>
  )
}

export function UndoDialog({ version, close }: { version: VersionItem; close: () => void }) {
  return (
    <ChangeDialog
      label={t('access.undo')}
      close={close}
      change={(reason) =>
        call('POST', `/v1/access/versions/${version.version}/undo`, { json: { reason } })
      }
    >
      <p>{t('access.undo_text', { number: version.version, count: version.changes })}</p>
      <p className="dim">{version.why}</p>
    </ChangeDialog>
  )
}
