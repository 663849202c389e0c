import { Select } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import type { ControlledDoor } from '../../api/types'
import { useLiveReading } from '../../live/useLiveReading'
import { useDirectory, type Directory } from '../../org/organisation'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { t } from '../../text'
import { msOf } from '../../time/format'
import type { DoorCommand, Lockdown } from './doors'
import { Group } from './Receipts'
import css from './doors.module.css'

interface Props {
  doors: readonly ControlledDoor[]
  /** Which to begin with. */
  zone: string | undefined
  close: () => void
}

/** Two actions: choose, confirm. Why is asked for afterwards. */
export function LockdownDialog({ doors, zone: first, close }: Props) {
  const directory = useDirectory()
  const queries = useQueryClient()
  const [zone, setZone] = useState<string | null>(first ?? null)
  const zones = new Set(doors.flatMap(({ zone }) => [zone, ...areasAround(zone, directory)]))
  return (
    <ReasonDialog
      title={t('doors.lock_down')}
      label={t('doors.lock_down')}
      isWithoutReason
      isFollowed
      isReady={zone !== null}
      close={close}
      run={async () => {
        const begun = await call<Lockdown>('POST', '/v1/lockdowns', { json: { zone } })
        void queries.invalidateQueries({ queryKey: ['/v1/lockdowns'] })
        return <Followed lockdown={begun} />
      }}
    >
      <p>{t('doors.lock_down_text')}</p>
      <Select
        label={t('doors.area')}
        value={zone}
        onChange={setZone}
        allowDeselect={false}
        searchable
        data-autofocus={first === undefined || undefined}
        data={[...zones].map((id) => ({ value: id, label: directory.nameOf(`place:${id}`) }))}
      />
    </ReasonDialog>
  )
}

const areasAround = (zone: string, directory: Directory): string[] =>
  directory
    .above(zone)
    .map(({ id }) => id)
    .filter((id) => id !== zone)

const READ_MAX = 500
/** Two moments of one act. */
const NEAR_MS = 2_000

/** Each door confirms by a command of its own: how many have, and which have not. */
function Followed({ lockdown }: { lockdown: Lockdown }) {
  const asked = useLiveReading<DoorCommand[]>('/v1/commands', ['command'], { limit: READ_MAX })
  const own = (asked.data ?? []).filter(
    ({ order, at }) => order === 'lock_down' && msOf(at) >= msOf(lockdown.since) - NEAR_MS,
  )
  return (
    <div className={css.followed}>
      <p>{t('doors.lockdown_begun')}</p>
      {own.length > 0 ? <Group commands={own} /> : <p>{t('doors.lockdown_no_receipts')}</p>}
    </div>
  )
}
