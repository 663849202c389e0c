import { NumberInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import { call, get } from '../../api/client'
import type { ControlledDoor } from '../../api/types'
import { useDirectory } from '../../org/organisation'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { serverNow } from '../../time/clock'
import { t } from '../../text'
import { isUnderWay, type DoorCommand, type OrderWord } from './doors'
import { Steps } from './Steps'

interface Props {
  door: ControlledDoor
  order: OrderWord
  close: () => void
}

const HOLD_S = 5
const HOLD_S_MAX = 600
const WORK_MINUTES = 60
const WORK_MINUTES_MAX = 24 * 60

/** Before anything physical: what will happen, why, and then what the device said. */
export function OrderDialog({ door, order, close }: Props) {
  const directory = useDirectory()
  const [hold_s, setHold] = useState<number>(HOLD_S)
  const [minutes, setMinutes] = useState<number>(WORK_MINUTES)
  const [key] = useState(() => crypto.randomUUID())
  const isWork = order === 'maintenance' || order === 'walk_test'
  const run = async (reason: string) => {
    const until = isWork ? new Date(serverNow() + minutes * 60_000).toISOString() : undefined
    const command = await call<DoorCommand>(
      'POST',
      `/v1/doors/${encodeURIComponent(door.door)}/commands`,
      {
        json: { order, reason, until, hold_s: order === 'release' ? hold_s : undefined },
        headers: { 'Idempotency-Key': key },
      },
    )
    return <Followed first={command} />
  }
  return (
    <ReasonDialog
      title={`${t(`doors.order_${order}`)}: ${directory.nameOf(`place:${door.door}`)}`}
      label={t(`doors.order_${order}`)}
      close={close}
      run={run}
      isHarmless={order !== 'lock' && order !== 'unlock'}
      isFollowed
    >
      <p>{t(`doors.order_${order}_text`)}</p>
      {order === 'release' && (
        <NumberInput
          label={t('doors.hold')}
          value={hold_s}
          min={1}
          max={HOLD_S_MAX}
          clampBehavior="strict"
          onChange={(value) => setHold(Number(value) || HOLD_S)}
        />
      )}
      {isWork && (
        <NumberInput
          label={t('doors.minutes')}
          value={minutes}
          min={1}
          max={WORK_MINUTES_MAX}
          clampBehavior="strict"
          onChange={(value) => setMinutes(Number(value) || WORK_MINUTES)}
        />
      )}
    </ReasonDialog>
  )
}

const ASK_EVERY_MS = 400

/** Follows a command until the device has confirmed it, or has not. */
function Followed({ first }: { first: DoorCommand }) {
  const [command, setCommand] = useState(first)
  const isOpen = isUnderWay(command)
  useEffect(() => {
    if (!isOpen) return
    const timer = setInterval(() => {
      get<DoorCommand>(`/v1/commands/${encodeURIComponent(first.id)}`).then(setCommand, () => {
        // The list below goes on asking; what is shown stays the last word that was heard.
      })
    }, ASK_EVERY_MS)
    return () => clearInterval(timer)
  }, [first.id, isOpen])
  return <Steps command={command} />
}
