/** Badges that doors refused lately, as the desk sees them: the newest first, each until seen to. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { get } from '../api/client'
import type { Incident } from '../api/types'
import { External, useExternal } from '../live/external'
import { hear } from '../live/link'
import { useNamesOf } from '../org/names'
import { useOffers } from '../parts/reading'
import { useRight } from '../session/session'
import { clockRate, serverNow, ticking } from '../time/clock'

export interface Refusal {
  at: string
  door: string
  site?: string | null
  record: number
  part: number
  /** No name where it may not be shown. */
  person?: { id: string; name?: string | null; photo?: boolean } | null
  /** How the credential stood by our own records: `current`, `revoked`, `expired` … */
  credential?: string | null
  /** Why, in the access system's words. */
  reason?: string | null
}

/** A refusal is the desk's business for as long as somebody may still stand at the door. */
export const SHOWN_FOR_MS = 600_000
const LIST_MAX = 50
/** Refusals that come together are read together. */
const GATHER_MS = 150
/** Those put away that are remembered. */
const PUT_AWAY_MAX = 200

export const refusalKey = (one: Pick<Refusal, 'record' | 'part'>): string =>
  `${one.record}.${one.part}`

/** Those that are shown: neither put away nor too long ago, the newest first, each once. */
export function shownOf(
  list: readonly Refusal[],
  putAway: ReadonlySet<string>,
  now: number,
  span_ms: number,
): Refusal[] {
  const all = new Map(list.map((one) => [refusalKey(one), one]))
  return [...all.values()]
    .filter((one) => !putAway.has(refusalKey(one)) && now - Date.parse(one.at) < span_ms)
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
}

/** The open incident that rests on a refusal, or that is about its door and its person. */
export function incidentOf(one: Refusal, open: Iterable<Incident>): Incident | undefined {
  let near: Incident | undefined
  for (const incident of open) {
    if (incident.evidence.some((ref) => ref.record === one.record)) return incident
    const names = (entity: string | undefined) => entity && incident.entities.includes(entity)
    if (names(`place:${one.door}`) && names(one.person ? `person:${one.person.id}` : undefined))
      near = incident
  }
  return near
}

const KEPT = 'castellan.refusals.put_away'

function kept(): ReadonlySet<string> {
  try {
    return new Set(JSON.parse(localStorage.getItem(KEPT) ?? '[]') as string[])
  } catch {
    return new Set()
  }
}

const putAway = new External<ReadonlySet<string>>(new Set())

/** Puts refusals away, in every window of this browser. */
export function dismiss(keys: readonly string[]): void {
  const all = [...putAway.get(), ...keys].slice(-PUT_AWAY_MAX)
  localStorage.setItem(KEPT, JSON.stringify(all))
  putAway.set(new Set(all))
}

/** What the desk has to look at now; nothing where the server does not offer it to this operator. */
export function useRefusals(): readonly Refusal[] {
  const right = useRight('refusal.read')
  const isOffered = useOffers('get', '/v1/doors/refused')
  const isOn = right.allowed && isOffered === true
  const queries = useQueryClient()
  useEffect(() => {
    if (!isOn) return
    putAway.set(kept())
    const heard = ({ key }: StorageEvent) => key === KEPT && putAway.set(kept())
    window.addEventListener('storage', heard)
    let timer: ReturnType<typeof setTimeout> | undefined
    const forget = hear('refused', () => {
      timer ??= setTimeout(() => {
        timer = undefined
        void queries.invalidateQueries({ queryKey: ['refused'] })
      }, GATHER_MS)
    })
    return () => {
      window.removeEventListener('storage', heard)
      clearTimeout(timer)
      forget()
    }
  }, [isOn, queries])
  const { data } = useQuery({
    queryKey: ['refused'],
    queryFn: ({ signal }) => {
      const since = new Date(serverNow() - SHOWN_FOR_MS * clockRate()).toISOString()
      return get<Refusal[]>('/v1/doors/refused', { since, limit: LIST_MAX }, signal)
    },
    enabled: isOn,
    refetchInterval: 60_000,
  })
  useNamesOf((data ?? []).flatMap(({ person }) => (person?.name ? [person.id] : [])))
  const away = useExternal(putAway)
  // Once in ten seconds is often enough for what stays ten minutes.
  const now = Math.floor(useExternal(ticking) / 10_000) * 10_000
  return useMemo(
    () => shownOf(data ?? [], away, now, SHOWN_FOR_MS * clockRate()),
    [data, away, now],
  )
}
