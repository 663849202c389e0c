/** Records a second, from two readings of the same counts. */
import { useEffect, useMemo, useRef, useState } from 'react'
import type { SourceItem } from '../../api/types'
import { clockRate } from '../../time/clock'
import { sumOf } from './account'

export interface Rate {
  /** Records a second of the server's own time. */
  now: number
  /** The last readings, oldest first. */
  trail: number[]
}

const TRAIL = 40

interface Reading {
  at: number
  received: Map<string, number>
}

export function useRates(sources: SourceItem[] | undefined): ReadonlyMap<string, Rate> {
  const before = useRef<Reading>(undefined)
  const [rates, setRates] = useState<ReadonlyMap<string, Rate>>(new Map())
  const received = useMemo(
    () =>
      sources &&
      new Map(sources.map(({ id, accounts }) => [id, sumOf(accounts, 'intake').received])),
    [sources],
  )
  useEffect(() => {
    if (!received) return
    const at = performance.now()
    const last = before.current
    before.current = { at, received }
    if (!last || at - last.at < 500) return
    const seconds = ((at - last.at) / 1_000) * clockRate()
    setRates(
      (was) =>
        new Map(
          [...received].map(([id, count]) => {
            const now = Math.max(0, count - (last.received.get(id) ?? count)) / seconds
            return [id, { now, trail: [...(was.get(id)?.trail ?? []), now].slice(-TRAIL) }]
          }),
        ),
    )
  }, [received])
  return rates
}

/** A rate in words: fractions of small ones, none of large ones. */
export const rateText = (rate: number): string =>
  rate === 0
    ? '0'
    : rate < 0.1
      ? '< 0.1'
      : rate < 10
        ? rate.toFixed(1)
        : Math.round(rate).toLocaleString()
