import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useReading, type Reading } from '../parts/reading'
import { hear } from './link'

const EVERY_MS = 5_000
/** A burst is one reading. */
const SOON_MS = 200
/** No sooner after the reading before, however much is heard. */
const GAP_MS = 1_000

/** A reading that some kinds of messages of the live stream make stale. */
export function useLiveReading<T>(
  path: string | undefined,
  names: readonly string[],
  query: Record<string, string | number | undefined> = {},
  every_ms = EVERY_MS,
): Reading<T> {
  const asked = useReading<T>(path, query, { every_ms })
  const queries = useQueryClient()
  const heard = names.join(',')
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let last_ms = -Infinity
    const soon = () => {
      timer ??= setTimeout(
        () => {
          timer = undefined
          last_ms = performance.now()
          if (path) void queries.invalidateQueries({ queryKey: [path] })
        },
        Math.max(SOON_MS, last_ms + GAP_MS - performance.now()),
      )
    }
    const ends = heard.split(',').map((name) => hear(name, soon))
    return () => {
      clearTimeout(timer)
      for (const end of ends) end()
    }
  }, [queries, path, heard])
  return asked
}
