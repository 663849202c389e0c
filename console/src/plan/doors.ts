/** How doors stand: read once, then kept by the live stream. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { get } from '../api/client'
import type { DoorState, Plan } from '../api/types'
import { hear } from '../live/link'

export function useDoorStates() {
  const queries = useQueryClient()
  useEffect(
    () =>
      hear('door', (data) => {
        const fresh = JSON.parse(data) as DoorState
        queries.setQueryData<ReadonlyMap<string, DoorState>>(
          ['doors', 'states'],
          (before) => before && new Map(before).set(fresh.door, fresh),
        )
      }),
    [queries],
  )
  return useQuery({
    queryKey: ['doors', 'states'],
    queryFn: async ({ signal }) => {
      const list = await get<DoorState[]>('/v1/doors/states', {}, signal)
      return new Map(list.map((door) => [door.door, door])) as ReadonlyMap<string, DoorState>
    },
    refetchInterval: 30_000,
  })
}

/** Every floor plan with its marks. */
export const usePlans = () =>
  useQuery({
    queryKey: ['plans'],
    queryFn: ({ signal }) => get<Plan[]>('/v1/plans', {}, signal),
    staleTime: 60_000,
  })
