import { memo } from 'react'
import type { DoorCondition } from '../../api/types'
import css from './places.module.css'

const PATHS: Record<DoorCondition, string> = {
  normal: 'M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16z',
  forced: 'M8 2h8l6 6v8l-6 6H8l-6-6V8z',
  held: 'M12 2.5l10.5 18.5h-21z',
  offline: 'M4 4h16v16H4zM7 7v10h10V7z',
  unknown: 'M12 2l10 10-10 10L2 12zM12 6l-6 6 6 6 6-6z',
}

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
      <path d={PATHS[state] ?? PATHS.unknown} fillRule="evenodd" />
    </svg>
  )
})
