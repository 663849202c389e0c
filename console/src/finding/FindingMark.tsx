import { IconCircleCheckFilled, IconCircleDashed, IconCircleOff } from '@tabler/icons-react'
import type { Finding } from '../api/types'
import { word } from '../text'
import css from './finding.module.css'

const SHAPES: Record<Finding['state'], typeof IconCircleOff> = {
  provisional: IconCircleDashed,
  confirmed: IconCircleCheckFilled,
  withdrawn: IconCircleOff,
}

/** Whether a finding is final, as shape, colour and word. */
export function FindingMark({ state }: { state: Finding['state'] }) {
  const Shape = SHAPES[state] ?? IconCircleDashed
  return (
    <span className={css.mark} data-state={state}>
      <Shape size={14} aria-hidden /> {word('detections', 'state', state)}
    </span>
  )
}
