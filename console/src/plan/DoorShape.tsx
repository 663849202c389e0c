import { memo } from 'react'
import type { DoorCondition } from '../api/types'
import { word } from '../text'
import { SHAPES } from './shapes'
import css from './plan.module.css'

/** How a door stands, as the plan draws it; the word stands beside it. */
export const DoorShape = memo(function DoorShape({
  state,
  size = 13,
}: {
  state: DoorCondition
  size?: number
}) {
  return (
    <svg
      className={css.shape}
      data-condition={state}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      aria-hidden
    >
      <path d={SHAPES[state] ?? SHAPES.unknown} fillRule="evenodd" />
    </svg>
  )
})

/** The same with its word: shape, colour and word. */
export function DoorWord({ state }: { state: DoorCondition }) {
  return (
    <span className={css.doorWord} data-condition={state}>
      <DoorShape state={state} size={15} /> {word('incidents', 'door_state', state)}
    </span>
  )
}
