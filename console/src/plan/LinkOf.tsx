import { useDirectory } from '../org/organisation'
import { t } from '../text'
import { Ago, Stamp } from '../ui/Stamp'
import css from './plan.module.css'
import { useThingStates } from './things'

/** What a thing's own system last said of its link; nothing where it has said nothing yet. */
export function LinkOf({ id }: { id: string }) {
  const state = useThingStates()?.get(id)
  const place = useDirectory().asset(id)?.place
  if (!state) return null
  const isLost = state.state === 'lost'
  return (
    <span className={css.linkOf} data-condition={isLost ? 'offline' : 'normal'}>
      {t(isLost ? 'places.link_lost' : 'places.link_up')} <Ago at={state.since} /> (
      <Stamp at={state.since} place={place} />)
      {isLost && <span className={css.cardClears}> {t('places.link_clears')}</span>}
    </span>
  )
}
