import { Chip, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { t } from '../text'
import { ActForm } from './Dialogs'
import type { OpenDialog } from './dialogs'
import css from './incident.module.css'

const MINUTES = [15, 60, 240, 480]

const label = (minutes: number): string =>
  minutes < 60
    ? t('incidents.until_min', { count: minutes })
    : t('incidents.until_h', { count: minutes / 60 })

/** Until when an incident may rest, and why; it comes back by itself. */
export function SnoozeForm({ list, now }: { list: OpenDialog['list']; now: number }) {
  const [choice, setChoice] = useState('60')
  const [moment, setMoment] = useState('')
  const [reason, setReason] = useState('')
  const until_ms = choice === 'at' ? Date.parse(moment) : now + Number(choice) * 60_000
  const isPast = choice === 'at' && moment !== '' && until_ms <= now
  const act = () => {
    if (!Number.isFinite(until_ms) || until_ms <= now || !reason.trim()) return undefined
    const until = new Date(until_ms).toISOString()
    return { action: 'snooze' as const, until, reason: reason.trim() }
  }
  return (
    <ActForm list={list} label={t('incidents.action_snooze')} act={act}>
      <Chip.Group value={choice} onChange={(value) => setChoice(value as string)}>
        <div className={css.chips} role="group" aria-label={t('incidents.until')}>
          {MINUTES.map((minutes) => (
            <Chip key={minutes} value={String(minutes)} size="xs">
              {label(minutes)}
            </Chip>
          ))}
          <Chip value="at" size="xs">
            {t('incidents.until_custom')}
          </Chip>
        </div>
      </Chip.Group>
      {choice === 'at' && (
        <TextInput
          type="datetime-local"
          label={t('incidents.until')}
          value={moment}
          required
          error={isPast && t('incidents.until_past')}
          onChange={(event) => setMoment(event.currentTarget.value)}
        />
      )}
      <Textarea
        label={t('incidents.reason')}
        value={reason}
        autosize
        minRows={2}
        maxLength={4000}
        required
        data-autofocus
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </ActForm>
  )
}
