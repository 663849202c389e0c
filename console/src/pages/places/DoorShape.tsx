import { memo } from 'react'
import type { DoorCondition } from '../../api/types'
import { SHAPES } from '../../plan/shapes'
import css from './places.module.css'

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
      data-state={state}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      aria-hidden
    >
      <path d={SHAPES[state] ?? SHAPES.unknown} fillRule="evenodd" />
    </svg>
  )
})
