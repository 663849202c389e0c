import {
  IconAlertOctagonFilled,
  IconAlertTriangleFilled,
  IconCircle,
  IconInfoCircle,
  IconSquareRotatedFilled,
} from '@tabler/icons-react'
import { memo } from 'react'
import type { Level } from '../api/types'
import { word } from '../text'
import css from './ui.module.css'

const SHAPES: Record<Level, typeof IconCircle> = {
  critical: IconAlertOctagonFilled,
  high: IconAlertTriangleFilled,
  medium: IconSquareRotatedFilled,
  low: IconCircle,
  informational: IconInfoCircle,
}

/** How grave, as shape, colour and word together; `isShort` keeps the word for ears alone. */
export const Severity = memo(function Severity({
  level,
  isShort = false,
  size = 14,
}: {
  level: Level
  isShort?: boolean
  size?: number
}) {
  const Shape = SHAPES[level] ?? IconInfoCircle
  return (
    <span className={css.severity} data-level={level}>
      <Shape size={size} aria-hidden stroke={2.2} />
      <span className={isShort ? 'hush' : undefined}>{word('incidents', 'level', level)}</span>
    </span>
  )
})
