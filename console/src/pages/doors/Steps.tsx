import {
  IconAlertTriangleFilled,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconClock,
} from '@tabler/icons-react'
import { t } from '../../text'
import { isUnderWay, type DoorCommand } from './doors'
import css from './doors.module.css'

type Step = 'done' | 'now' | 'todo' | 'good' | 'bad'

const ICONS: Record<Step, typeof IconClock> = {
  done: IconCircleCheckFilled,
  now: IconClock,
  todo: IconCircleDashed,
  good: IconCircleCheckFilled,
  bad: IconAlertTriangleFilled,
}

/** Where a command is: asked, sent, and what the device said. Nothing is said before it is so. */
export function Steps({ command }: { command: DoorCommand }) {
  const { state } = command
  const wasSent = state !== 'asked' && state !== 'expired' && state !== 'refused'
  const steps: [Step, string][] = [
    [state === 'asked' ? 'now' : 'done', t('doors.command_asked')],
    [wasSent ? (state === 'sent' ? 'now' : 'done') : 'todo', t('doors.command_sent')],
    isUnderWay(command)
      ? ['todo', t('doors.command_waits')]
      : [state === 'confirmed' ? 'good' : 'bad', t(`doors.command_${state}`)],
  ]
  return (
    <span className={css.steps}>
      {steps.map(([step, said]) => {
        const Icon = ICONS[step]
        return (
          <span key={said} className={css.step} data-step={step}>
            <Icon size={15} aria-hidden /> {said}
          </span>
        )
      })}
      {command.why && <span className={css.why}>{command.why}</span>}
    </span>
  )
}
