import { useMantineColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { clockTime, dayOf } from '../time/format'
import css from './parts.module.css'

export interface PlotProps {
  /** Seconds, rising. */
  times: number[]
  values: (number | null)[]
  /** IANA name of the zone of the axis. */
  zone: string
  kind: 'bars' | 'line'
  label: string
  height: number
  /** A stretch was chosen by dragging. */
  onChosen?: (from_s: number, to_s: number) => void
}

const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** A tick's time: with its day or its seconds, as the step asks for. */
function tickOf(s: number, step_s: number, zone: string): string {
  return step_s >= 86_400 ? dayOf(s * 1_000, zone) : clockTime(s * 1_000, zone, step_s < 60)
}

function options(props: PlotProps, width: number): UPlot.Options {
  const grid = { stroke: colour('--line'), width: 1 }
  const axis = {
    stroke: colour('--faint'),
    font: '11px "Inter Variable", sans-serif',
    grid,
    ticks: { show: false },
  }
  const ink = colour('--accent')
  return {
    width,
    height: props.height,
    tzDate: (s) => UPlot.tzDate(new Date(s * 1_000), props.zone),
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: props.kind === 'line' },
      drag: { x: props.onChosen !== undefined, y: false, setScale: false },
    },
    scales: {
      // A bar stands on the span that begins at its time: the last one needs room, too.
      x: {
        range: (plot, min, max) => {
          const [first = 0, second = first] = plot.data[0]
          return [min, props.kind === 'bars' ? max + (second - first) : max]
        },
      },
      y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        gap: 4,
        space: 96,
        values: (_, splits, __, ___, step) => splits.map((s) => tickOf(s, step, props.zone)),
      },
      {
        ...axis,
        size: 42,
        gap: 4,
        space: 18,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5, 1e6],
      },
    ],
    series: [
      {},
      props.kind === 'bars'
        ? {
            stroke: ink,
            fill: `${ink}99`,
            width: 0,
            points: { show: false },
            paths: UPlot.paths.bars!({ size: [0.86, 40], radius: 0.1, align: 1 }),
          }
        : { stroke: ink, fill: `${ink}22`, width: 1.5, points: { show: false } },
    ],
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select
          if (wide > 3) props.onChosen?.(plot.posToVal(left, 'x'), plot.posToVal(left + wide, 'x'))
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
        },
      ],
    },
  }
}

/** A chart of counts over time on a canvas; the words beside it say the same to ears. */
export function Plot(props: PlotProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(undefined)
  const newest = useRef(props)
  newest.current = props
  const { colorScheme } = useMantineColorScheme()
  const { zone, kind, height, times, values } = props
  useEffect(() => {
    const element = box.current!
    const made = new UPlot(
      options(
        {
          ...newest.current,
          onChosen: newest.current.onChosen && ((from, to) => newest.current.onChosen?.(from, to)),
        },
        element.clientWidth || 300,
      ),
      [newest.current.times, newest.current.values],
      element,
    )
    plot.current = made
    const watch = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height })
    })
    watch.observe(element)
    return () => {
      watch.disconnect()
      made.destroy()
    }
  }, [zone, kind, height, colorScheme])
  useEffect(() => plot.current?.setData([times, values]), [times, values])
  return <div ref={box} className={css.plot} role="img" aria-label={props.label} />
}
