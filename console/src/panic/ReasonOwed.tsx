import { IconLifebuoy } from '@tabler/icons-react'
import type { Incident } from '../api/types'
import { useDirectory } from '../org/organisation'
import { t } from '../text'
import css from '../incident/incident.module.css'
import { callerOf, owesReason } from './raised'

/** The act came first; its reason is still to come. */
export function ReasonOwed({ incident }: { incident: Incident }) {
  const directory = useDirectory()
  if (!owesReason(incident)) return null
  const name = directory.operatorName(callerOf(incident) ?? '')
  return (
    <div className={css.owed} role="note">
      <IconLifebuoy size={16} aria-hidden />
      <bdi>{t('desk.owed_by', { name })}</bdi>
    </div>
  )
}
