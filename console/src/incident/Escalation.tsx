import { IconBell } from '@tabler/icons-react'
import type { Incident } from '../api/types'
import { t } from '../text'
import { Stamp } from '../ui/Stamp'
import css from './incident.module.css'

/** That everybody was told because nobody answered, or when they will be. */
export function Escalation({ incident, due }: { incident: Incident; due?: string | null }) {
  const told = incident.handling?.escalated ?? []
  const last = told.at(-1)
  const next = incident.state === 'new' ? due : undefined
  if (!last && !next) return null
  const isWaiting = incident.state === 'new'
  return (
    <p className={css.escalation} data-told={(last && isWaiting) || undefined}>
      <IconBell size={14} aria-hidden />
      <span>
        {last && (
          <>
            {t(isWaiting ? 'incidents.told_all' : 'incidents.told_before', {
              count: told.length,
            })}{' '}
            <Stamp at={last} place={incident.site} />.{' '}
          </>
        )}
        {next && (
          <>
            {t(last ? 'incidents.tells_again' : 'incidents.tells_all')}{' '}
            <Stamp at={next} place={incident.site} />.
          </>
        )}
      </span>
    </p>
  )
}
