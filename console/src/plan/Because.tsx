import type { DoorState, EventItem } from '../api/types'
import { becauseOf } from '../event/describe'
import { useReading } from '../parts/reading'
import css from './plan.module.css'

/** Why somebody was turned away at a door, as its record has it; nothing where they were let in. */
export function Because({ last }: { last: NonNullable<DoorState['last']> }) {
  const path = last.granted ? undefined : `/v1/events/${last.record}/${last.part}`
  const { data } = useReading<EventItem>(path)
  const because = data && becauseOf(data.event)
  return because ? <bdi className={css.because}>{because}</bdi> : null
}
