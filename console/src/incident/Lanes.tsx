import { useElementSize } from '@mantine/hooks'
import { IconDoor, IconServer2 } from '@tabler/icons-react'
import { memo } from 'react'
import type { EventItem } from '../api/types'
import { eventKey, worldOf } from '../event/describe'
import { t } from '../text'
import { clockTime, dayOf, msOf } from '../time/format'
import css from './evidence.module.css'

const HEIGHT = 92
const LANE_Y = { physical: 20, logical: 50 } as const
const AXIS_Y = 68
/** The names of the lanes stand before them. */
const LEFT = 118
const RIGHT = 16
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
  const x = (ms: number) => LEFT + ((ms - from) / length) * Math.max(width - LEFT - RIGHT, 1)
  const ticks = Math.max(2, Math.floor((width - LEFT) / TICK_PX))
  const moments = ticksOf(from, length, ticks)
  return (
    <div ref={ref} className={css.lanes}>
      {(['physical', 'logical'] as const).map((world) => {
        const Icon = world === 'physical' ? IconDoor : IconServer2
        return (
          <span key={world} className={css.laneName} data-world={world}>
            <Icon size={14} aria-hidden /> {t(`people.lane_${world}`)}
          </span>
        )
      })}
      <svg width={width} height={HEIGHT} role="img" aria-label={t('incidents.lane_label')}>
        {(['physical', 'logical'] as const).map((world) => (
          <line
            key={world}
            className={css.laneLine}
            x1={LEFT - RIGHT}
            x2={width}
            y1={LANE_Y[world]}
            y2={LANE_Y[world]}
          />
        ))}
        {moments.map((ms, i) => (
          <g key={i}>
            <line className={css.laneGrid} x1={x(ms)} x2={x(ms)} y1={0} y2={AXIS_Y} />
            <text
              x={x(ms)}
              y={HEIGHT - 8}
              className={css.tick}
              textAnchor={i === moments.length - 1 ? 'end' : 'middle'}
            >
              {clockTime(ms, zone)}
            </text>
          </g>
        ))}
        <text x={14} y={HEIGHT - 8} className={css.tick}>
          {dayOf(from, zone)}
        </text>
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
