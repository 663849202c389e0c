import { Button, Select } from '@mantine/core'
import { IconShieldLock } from '@tabler/icons-react'
import { useState } from 'react'
import { call } from '../../api/client'
import type { ControlledDoor } from '../../api/types'
import { useLiveReading } from '../../live/useLiveReading'
import { useDirectory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { useRight } from '../../session/session'
import { t, word } from '../../text'
import { ActionButton } from '../../ui/ActionButton'
import type { Lockdown, ThreatLevel } from './doors'
import { LockdownDialog } from './LockdownDialog'
import css from './doors.module.css'

interface Props {
  doors: readonly ControlledDoor[]
  /** The zone of the door that is looked at. */
  chosen: string | undefined
}

/** What holds over more than one door: lockdowns and the threat level. */
export function Standing({ doors, chosen }: Props) {
  const [open, setOpen] = useState<'lockdown' | 'threat'>()
  const right = useRight('lockdown.operate')
  const lockdowns = useLiveReading<Lockdown[]>('/v1/lockdowns', ['command'])
  const threat = useLiveReading<ThreatLevel>('/v1/threat', ['command'])
  const offer = { allowed: right.allowed, reason: right.reason ?? undefined }
  if (doors.length === 0 && (lockdowns.data?.length ?? 0) === 0) return null
  return (
    <div className={css.standing}>
      {lockdowns.data?.map((lockdown) => (
        <LockdownLine key={lockdown.zone} lockdown={lockdown} offer={offer} />
      ))}
      <div className={css.standingLine}>
        <span className="faint">{t('doors.threat')}</span>
        <strong>{word('doors', 'threat', threat.data?.level ?? 'normal')}</strong>
        <ActionButton
          offer={offer}
          size="compact-sm"
          variant="default"
          onPress={() => setOpen('threat')}
        >
          {t('doors.change')}
        </ActionButton>
        <span className={css.grow} />
        <ActionButton
          offer={offer}
          size="compact-sm"
          color="red"
          leftSection={<IconShieldLock size={15} aria-hidden />}
          onPress={() => setOpen('lockdown')}
        >
          {t('doors.lock_down')}
        </ActionButton>
      </div>
      {open === 'lockdown' && (
        <LockdownDialog doors={doors} zone={chosen} close={() => setOpen(undefined)} />
      )}
      {open === 'threat' && (
        <ThreatDialog
          level={threat.data?.level ?? 'normal'}
          close={() => setOpen(undefined)}
          again={threat.again}
        />
      )}
    </div>
  )
}

interface LineProps {
  lockdown: Lockdown
  offer: { allowed: boolean; reason?: string }
}

/** A lockdown stands until somebody ends it; the reason is asked for afterwards. */
function LockdownLine({ lockdown, offer }: LineProps) {
  const directory = useDirectory()
  const [open, setOpen] = useState<'end' | 'reason'>()
  const path = `/v1/lockdowns/${encodeURIComponent(lockdown.zone)}`
  const name = directory.nameOf(`place:${lockdown.zone}`)
  return (
    <div className={css.lockdown} role="status">
      <IconShieldLock size={17} aria-hidden />
      <strong>{t('doors.lockdown_of', { zone: name })}</strong>
      <span>
        <AgoText at={lockdown.since} /> · {directory.operatorName(lockdown.by)}
      </span>
      {lockdown.reason ? (
        <bdi className="cut">{lockdown.reason}</bdi>
      ) : (
        <Button size="compact-sm" variant="default" onClick={() => setOpen('reason')}>
          {t('doors.say_why')}
        </Button>
      )}
      <span className={css.grow} />
      <ActionButton
        offer={offer}
        size="compact-sm"
        variant="default"
        onPress={() => setOpen('end')}
      >
        {t('doors.end_lockdown')}
      </ActionButton>
      {open === 'end' && (
        <ReasonDialog
          title={t('doors.end_lockdown')}
          label={t('doors.end_lockdown')}
          close={() => setOpen(undefined)}
          run={async (reason) => {
            await call('POST', `${path}/end`, { json: { reason } })
            return t('doors.lockdown_ended')
          }}
        >
          <p>{t('doors.end_lockdown_text', { zone: name })}</p>
        </ReasonDialog>
      )}
      {open === 'reason' && (
        <ReasonDialog
          title={t('doors.say_why')}
          label={t('doors.say')}
          isHarmless
          close={() => setOpen(undefined)}
          run={async (reason) => {
            await call('POST', `${path}/reason`, { json: { reason } })
            return t('doors.said')
          }}
        >
          <p>{t('doors.lockdown_of', { zone: name })}</p>
        </ReasonDialog>
      )}
    </div>
  )
}

interface DialogProps {
  close: () => void
  again: () => void
}

const LEVELS = ['normal', 'elevated', 'high', 'severe'] as const

function ThreatDialog({ level, close, again }: DialogProps & { level: string }) {
  const [wanted, setWanted] = useState<string | null>(level)
  return (
    <ReasonDialog
      title={t('doors.threat')}
      label={t('doors.set')}
      isHarmless
      close={close}
      run={async (reason) => {
        await call('PUT', '/v1/threat', { json: { level: wanted, reason } })
        again()
        return t('doors.threat_set', { level: word('doors', 'threat', wanted ?? level) })
      }}
    >
      <p>{t('doors.threat_text')}</p>
      <Select
        label={t('doors.threat')}
        value={wanted}
        onChange={setWanted}
        allowDeselect={false}
        data={LEVELS.map((one) => ({ value: one, label: t(`doors.threat_${one}`) }))}
      />
    </ReasonDialog>
  )
}
