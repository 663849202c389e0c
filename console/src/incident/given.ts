/** Hand-overs that this operator has offered: that they wait, and how they ended. */
import type { Incident, Owner } from '../api/types'
import type { Me } from './filter'

/** What is on offer by this operator, by incident. */
export function givenBy(list: Iterable<Incident>, me: Me): ReadonlyMap<string, Owner> {
  const given = new Map<string, Owner>()
  for (const one of list) {
    const offer = one.handling?.offer
    if (offer && me.operator !== undefined && offer.by === me.operator) given.set(one.id, offer.to)
  }
  return given
}

export interface Ended {
  incident: Incident
  how: 'accepted' | 'declined' | 'expired'
  /** Whoever took it or said no. */
  by: string
  reason?: string
}

/** How an offer that stood a moment ago has ended; nothing where its giver ended it. */
export function endOf(incident: Incident, me: Me): Ended | undefined {
  const entry = incident.timeline.findLast(
    ({ act }) => act.act === 'owner' || act.act === 'offer_ended',
  )
  if (!entry || entry.by === me.operator) return undefined
  const reason = typeof entry.act.reason === 'string' ? entry.act.reason : undefined
  if (entry.act.act === 'owner') return { incident, how: 'accepted', by: entry.by }
  const how = entry.act.how
  return how === 'declined' || how === 'expired' ? { incident, how, by: entry.by, reason } : undefined
}
