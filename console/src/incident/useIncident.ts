import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { ActionOffer, Incident, IncidentView } from '../api/types'
import { incidents, takeIncident } from '../live/incidents'
import { useExternal } from '../live/external'
import { readIncident } from './acts'

export interface Looked {
  incident?: Incident
  /** What the server offers for exactly this version; empty while it is being asked. */
  offers: ReadonlyMap<string, ActionOffer>
  error?: unknown
  retry: () => void
}

/** One incident with its offers, renewed whenever the live stream brings a newer version. */
export function useIncident(id: string | undefined): Looked {
  const held = useExternal(incidents).byId.get(id ?? '')
  const queries = useQueryClient()
  const query = useQuery<IncidentView>({
    queryKey: ['incident', id],
    queryFn: async ({ signal }) => {
      const view = await readIncident(id!, signal)
      takeIncident(view.incident)
      return view
    },
    enabled: id !== undefined,
    placeholderData: undefined,
  })
  const read = query.data
  const isBehind = held !== undefined && read !== undefined && held.version > read.incident.version
  useEffect(() => {
    if (isBehind) void queries.invalidateQueries({ queryKey: ['incident', id] })
  }, [isBehind, id, queries])
  const incident = isBehind ? held : (read?.incident ?? held)
  const offers = new Map((read?.actions ?? []).map((offer) => [offer.action, offer]))
  return {
    incident,
    offers,
    error: incident ? undefined : query.error,
    retry: () => void query.refetch(),
  }
}
