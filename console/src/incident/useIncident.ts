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
  /** When everybody is told, unless somebody acknowledges it until then. */
  escalatesAt?: string | null
  /** The call for help from this screen, as it is; nothing of it may be seen. */
  own?: Incident
  error?: unknown
  retry: () => void
}

/** One incident with its offers, renewed whenever the live stream brings a newer version. */
export function useIncident(id: string | undefined): Looked {
  const { byId, unseen } = useExternal(incidents)
  const held = byId.get(id ?? '')
  const own = held?.isMasked ? unseen.find((one) => one.id === id) : undefined
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
  const incident = isBehind || own ? held : (read?.incident ?? held)
  const offers = new Map((read?.actions ?? []).map((offer) => [offer.action, offer]))
  return {
    incident,
    offers,
    own,
    escalatesAt: isBehind ? undefined : read?.escalates_at,
    error: incident ? undefined : query.error,
    retry: () => void query.refetch(),
  }
}
