/**
 * Names that this session has asked for, with a reason each: whoever they belong to is called by
 * name wherever they appear. Of everybody else the console holds no name at all.
 */
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { get } from '../api/client'
import { useExternal } from '../live/external'
import { loadIncidents } from '../live/incidents'
import { session } from '../session/session'

export type Names = ReadonlyMap<string, string>

interface NameItem {
  id: string
  name: string
}

export const NO_NAMES: Names = new Map()
const KEY = ['names']
const CHANNEL = 'castellan.names'

/** Ids to names, of those whose names are shown to this session. */
export function useNames(): Names {
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }): Promise<Names> => {
      const list = await get<NameItem[]>('/v1/names', {}, signal)
      return new Map(list.map(({ id, name }) => [id, name]))
    },
    staleTime: 60_000,
    refetchInterval: 120_000,
    // The same names are the same map: nothing is drawn again for them.
    structuralSharing: (before, now) => (isSame(before, now) ? before : now),
  })
  return data ?? NO_NAMES
}

function isSame(before: unknown, now: unknown): boolean {
  if (!(before instanceof Map) || !(now instanceof Map) || before.size !== now.size) return false
  return [...(now as Map<string, string>)].every(([id, name]) => before.get(id) === name)
}

/** Everything on the screen is asked again: what was covered may now say a name. */
function askAgain(queries: QueryClient): void {
  void queries.invalidateQueries()
  void loadIncidents()
}

/** After a name was shown: here, and in every window of this browser, which share the session. */
export function namesChanged(queries: QueryClient): void {
  askAgain(queries)
  if (!('BroadcastChannel' in globalThis)) return
  const channel = new BroadcastChannel(CHANNEL)
  channel.postMessage('changed')
  channel.close()
}

/** Hears of names that other windows asked for; forgets those of a session that ended. */
export function useNamesElsewhere(): void {
  const queries = useQueryClient()
  const { state } = useExternal(session)
  const hasEnded = useRef(false)
  useEffect(() => {
    if (state === 'expired') hasEnded.current = true
    if (state !== 'in' || !hasEnded.current) return
    hasEnded.current = false
    queries.setQueryData(KEY, NO_NAMES)
    askAgain(queries)
  }, [state, queries])
  useEffect(() => {
    if (!('BroadcastChannel' in globalThis)) return
    const channel = new BroadcastChannel(CHANNEL)
    channel.onmessage = () => askAgain(queries)
    return () => channel.close()
  }, [queries])
}

/** A door showed names of its own accord: they are asked for if they are not known yet. */
export function useNamesOf(shown: Iterable<string>): void {
  const queries = useQueryClient()
  const names = useNames()
  const ids = [...new Set(shown)].sort().join()
  useEffect(() => {
    if (ids && ids.split(',').some((id) => !names.has(id))) {
      void queries.invalidateQueries({ queryKey: KEY })
    }
    // Once for each that appears: what the server does not tell is not asked for again and again.
  }, [ids, queries]) // eslint-disable-line
}
