import { Button } from '@mantine/core'
import { IconLifebuoy } from '@tabler/icons-react'
import type { Incident } from '../api/types'
import { useDirectory } from '../org/organisation'
import { useSession } from '../session/session'
import { t } from '../text'
import css from '../incident/incident.module.css'
import { callerOf, owesReason } from './raised'

/** The act came first; the reason is asked for now that there is time. */
export function ReasonOwed({ incident, field }: { incident: Incident; field: string }) {
  const { operator } = useSession()
  const directory = useDirectory()
  if (!owesReason(incident)) return null
  const by = callerOf(incident) ?? ''
  const isMine = by === operator.id || by === operator.person
  return (
    <div className={css.owed} role="note">
      <IconLifebuoy size={16} aria-hidden />
      <span>
        {isMine ? (
          t('desk.owed_mine')
        ) : (
          <bdi>{t('desk.owed_by', { name: directory.operatorName(by) })}</bdi>
        )}
      </span>
      {isMine && (
        <Button size="compact-sm" onClick={() => document.getElementById(field)?.focus()}>
          {t('desk.owed_write')}
        </Button>
      )}
    </div>
  )
}
