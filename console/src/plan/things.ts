/** Whether cameras, sensors and other things have their link: read once, then kept by the stream. */
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { get } from '../api/client'
import type { ThingState } from '../api/types'
import { hear } from '../live/link'

export type ThingStates = ReadonlyMap<string, ThingState>

const listening = new WeakSet<QueryClient>()

/** Once, however many ask: the stream goes on as long as the page. */
function listen(queries: QueryClient): void {
  if (listening.has(queries)) return
  listening.add(queries)
  hear('thing', (data) => {
    const fresh = JSON.parse(data) as ThingState
    queries.setQueryData<ThingStates>(
      ['things', 'states'],
      (before) => before && new Map(before).set(fresh.asset, fresh),
    )
  })
}

export function useThingStates(): ThingStates | undefined {
  const queries = useQueryClient()
  useEffect(() => listen(queries), [queries])
  return useQuery({
    queryKey: ['things', 'states'],
    queryFn: async ({ signal }) => {
      const list = await get<ThingState[]>('/v1/things/states', {}, signal)
      return new Map(list.map((thing) => [thing.asset, thing])) as ThingStates
    },
    refetchInterval: 30_000,
  }).data
}
