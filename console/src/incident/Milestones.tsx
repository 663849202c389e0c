import type { ActionOffer, Incident } from '../api/types'
import { t, word } from '../text'
import { ActionButton } from '../ui/ActionButton'
import { Stamp } from '../ui/Stamp'
import css from './incident.module.css'
import { useActs } from './useActs'

const MILESTONES = ['dispatched', 'on_scene', 'clear'] as const

/** When each milestone was first reached. */
export function reached(incident: Incident): Map<string, string> {
  const found = new Map<string, string>()
  for (const { milestone, at } of incident.handling?.milestones ?? []) {
    if (!found.has(milestone)) found.set(milestone, at)
  }
  return found
}

/** Dispatched, on scene, clear: each with its time once it is marked. */
export function Milestones({
  incident,
  offer,
}: {
  incident: Incident
  offer: ActionOffer | undefined
}) {
  const { one } = useActs()
  const times = reached(incident)
  if (!offer && times.size === 0) return null
  return (
    <section className={css.part} aria-label={t('incidents.milestones')}>
      <h4 className={css.partTitle}>{t('incidents.milestones')}</h4>
      <div className={css.milestones}>
        {MILESTONES.map((milestone) => {
          const at = times.get(milestone)
          const label = word('incidents', 'milestone', milestone)
          return at ? (
            <span key={milestone} className={css.reached}>
              {label} <Stamp at={at} place={incident.site} />
            </span>
          ) : (
            <ActionButton
              key={milestone}
              offer={offer}
              variant="default"
              size="compact-xs"
              onPress={() => void one(incident, { action: 'mark', milestone })}
            >
              {label}
            </ActionButton>
          )
        })}
      </div>
    </section>
  )
}
