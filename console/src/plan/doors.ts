/** How doors stand: read once, then kept by the live stream. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { get } from '../api/client'
import type { ControlledDoor, DoorState, Plan } from '../api/types'
import { hear } from '../live/link'
import { useLiveReading } from '../live/useLiveReading'
import { joined } from './condition'

/** How each door's own system says that it stands. */
function useWatchedDoors() {
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

const CONTROL_EVERY_MS = 15_000

/** Every door, and how it stands by the road that decides at it. */
export const useControl = (every_ms = CONTROL_EVERY_MS) =>
  useLiveReading<ControlledDoor[]>(
    '/v1/doors/control',
    ['door', 'command', 'edge'],
    {},
    every_ms,
  )

/** How every door stands, from whoever knows best. */
export function useDoorStates() {
  const watched = useWatchedDoors()
  const control = useControl().data
  const data = useMemo(() => joined(watched.data, control), [watched.data, control])
  return { data, isError: watched.isError }
}

/** Every floor plan with its marks. */
export const usePlans = () =>
  useQuery({
    queryKey: ['plans'],
    queryFn: ({ signal }) => get<Plan[]>('/v1/plans', {}, signal),
    staleTime: 60_000,
  })
