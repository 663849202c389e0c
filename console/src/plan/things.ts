/** Whether cameras, sensors and other things have their link: read once, then kept by the stream. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { get } from '../api/client'
import type { ThingState } from '../api/types'
import { hear } from '../live/link'

export type ThingStates = ReadonlyMap<string, ThingState>

export function useThingStates(): ThingStates | undefined {
  const queries = useQueryClient()
  useEffect(
    () =>
      hear('thing', (data) => {
        const fresh = JSON.parse(data) as ThingState
        queries.setQueryData<ThingStates>(
          ['things', 'states'],
          (before) => before && new Map(before).set(fresh.asset, fresh),
        )
      }),
    [queries],
  )
  return useQuery({
    queryKey: ['things', 'states'],
    queryFn: async ({ signal }) => {
      const list = await get<ThingState[]>('/v1/things/states', {}, signal)
      return new Map(list.map((thing) => [thing.asset, thing])) as ThingStates
    },
    refetchInterval: 30_000,
  }).data
}
