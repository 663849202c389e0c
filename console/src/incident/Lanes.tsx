import { useElementSize } from '@mantine/hooks'
import { memo } from 'react'
import type { EventItem } from '../api/types'
import { worldOf } from '../event/describe'
import { t } from '../text'
import { clockTime, dayOf, msOf } from '../time/format'
import { eventKey } from './evidence'
import css from './evidence.module.css'

const HEIGHT = 104
const LANE_Y = { physical: 30, logical: 66 } as const
const LEFT = 12
const TICK_PX = 110

interface Props {
  items: readonly EventItem[]
  evidence: ReadonlySet<string>
  chosen: string | undefined
  choose: (key: string) => void
  zone: string
}

/** Moments to be named on the axis: never the same second twice. */
export function ticksOf(from: number, length: number, most: number): number[] {
  const count = Math.max(2, Math.min(most, Math.floor(length / 1_000) + 1))
  return Array.from({ length: count }, (_, i) => from + (length * i) / (count - 1))
}

/** Both worlds over time: doors above, networks below; evidence filled, the rest hollow. */
export const Lanes = memo(function Lanes({ items, evidence, chosen, choose, zone }: Props) {
  const { ref, width } = useElementSize()
  const from = msOf(items[0]?.time ?? 0)
  const to = msOf(items.at(-1)?.time ?? 0)
  const length = Math.max(to - from, 1_000)
  const x = (ms: number) => LEFT + ((ms - from) / length) * Math.max(width - 2 * LEFT, 1)
  const ticks = Math.max(2, Math.floor(width / TICK_PX))
  const moments = ticksOf(from, length, ticks)
  return (
    <div ref={ref} className={css.lanes}>
      <span className={css.laneName} data-world="physical">
        {t('incidents.world_physical')}
      </span>
      <span className={css.laneName} data-world="logical">
        {t('incidents.world_logical')}
      </span>
      <svg width={width} height={HEIGHT} role="img" aria-label={t('incidents.lane_label')}>
        {(['physical', 'logical'] as const).map((world) => (
          <line
            key={world}
            className={css.laneLine}
            x1={0}
            x2={width}
            y1={LANE_Y[world]}
            y2={LANE_Y[world]}
          />
        ))}
        {moments.map((ms, i) => (
          <text
            key={i}
            x={x(ms)}
            y={HEIGHT - 6}
            className={css.tick}
            textAnchor={i === 0 ? 'start' : i === moments.length - 1 ? 'end' : 'middle'}
          >
            {i === 0 ? `${dayOf(ms, zone)} ${clockTime(ms, zone)}` : clockTime(ms, zone)}
          </text>
        ))}
        {items.map((item) => {
          const key = eventKey(item)
          const world = worldOf(item.event)
          return (
            <circle
              key={key}
              cx={x(msOf(item.time))}
              cy={LANE_Y[world]}
              r={evidence.has(key) ? 6 : 4}
              className={css.dot}
              data-world={world}
              data-evidence={evidence.has(key) || undefined}
              data-chosen={key === chosen || undefined}
              onClick={() => choose(key)}
            />
          )
        })}
      </svg>
    </div>
  )
})
