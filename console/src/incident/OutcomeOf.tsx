import { IconCircleCheck } from '@tabler/icons-react'
import type { Incident } from '../api/types'
import { useDirectory } from '../org/organisation'
import { t, word } from '../text'
import { Stamp } from '../ui/Stamp'
import css from './incident.module.css'
import { outcomeOf } from './outcome'

/** What a resolved incident was, who said so and when, and the note: before all else of it. */
export function OutcomeOf({ incident }: { incident: Incident }) {
  const directory = useDirectory()
  const told = outcomeOf(incident)
  if (!told) return null
  const by = told.by === 'castellan' ? 'Castellan' : directory.operatorName(told.by)
  return (
    <section className={css.outcome} aria-label={t('incidents.outcome')}>
      <p>
        <IconCircleCheck size={15} aria-hidden />
        {told.disposition && <strong>{word('incidents', 'disposition', told.disposition)}</strong>}
        <span className="dim">
          <bdi>{by}</bdi>, <Stamp at={told.at} place={incident.site} />
        </span>
      </p>
      {told.note && (
        <p className={css.outcomeNote}>
          <bdi>{told.note}</bdi>
        </p>
      )}
    </section>
  )
}
