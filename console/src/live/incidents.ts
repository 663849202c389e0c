/** All open incidents and those closed while we looked, kept current by the live stream. */
import { get } from '../api/client'
import { asProblem, type Problem } from '../api/problem'
import type { Incident } from '../api/types'
import { External } from './external'
import { hear, whenRecovered } from './link'

export interface IncidentTable {
  byId: ReadonlyMap<string, Incident>
  /** Those of which nothing may be seen on this screen, as they are. */
  unseen: readonly Incident[]
  isLoaded: boolean
  /** More are open than we hold; the queue says so. */
  isCut: boolean
  problem?: Problem
}

const PAGE = 500
/** Open incidents held at most. */
export const HELD_MAX = 10_000
const OPEN = 'new,acknowledged,in_progress'

const empty: IncidentTable = { byId: new Map(), unseen: [], isLoaded: false, isCut: false }
export const incidents = new External<IncidentTable>(empty)

let byId = new Map<string, Incident>()
let isAsked = false

let masked: (incident: Incident) => Incident | undefined = () => undefined

/** What is shown here in place of an incident of which nothing may be seen, whoever else sees it. */
export function maskWith(mask: (incident: Incident) => Incident | undefined): void {
  masked = mask
  publish()
}

function publish(change: Partial<IncidentTable> = {}): void {
  const unseen: Incident[] = []
  const shown = new Map(byId)
  for (const incident of byId.values()) {
    const mask = masked(incident)
    if (!mask) continue
    unseen.push(incident)
    shown.set(incident.id, mask)
  }
  incidents.set({ ...incidents.get(), ...change, byId: shown, unseen })
}

/** Takes one in unless we hold a newer version; renders once per burst, not per message. */
export function takeIncident(incident: Incident): void {
  const held = byId.get(incident.id)
  if (held && held.version > incident.version) return
  byId.set(incident.id, incident)
  if (isAsked) return
  isAsked = true
  setTimeout(() => {
    isAsked = false
    publish()
  }, 16)
}

interface Page {
  incidents: Incident[]
  next?: string | null
}

/** Every incident that matches, page by page, up to a bound. */
export async function allIncidents(
  query: Record<string, string | undefined>,
  max: number,
  onPage: (page: readonly Incident[]) => void = () => {},
): Promise<{ found: Incident[]; isCut: boolean }> {
  const found: Incident[] = []
  let after: string | undefined
  do {
    const limit = Math.min(PAGE, max - found.length)
    const page = await get<Page>('/v1/incidents', { ...query, limit, after })
    found.push(...page.incidents)
    onPage(page.incidents)
    after = page.next ?? undefined
  } while (after && found.length < max)
  return { found, isCut: after !== undefined }
}

let loading: Promise<void> | undefined

async function read(): Promise<void> {
  try {
    // Each page is shown as it comes; what is gone is known only when all have come.
    const { found, isCut } = await allIncidents({ state: OPEN }, HELD_MAX, (page) => {
      for (const incident of page) {
        if ((byId.get(incident.id)?.version ?? 0) <= incident.version)
          byId.set(incident.id, incident)
      }
      publish({ isLoaded: true })
    })
    const fresh = new Map(found.map((incident) => [incident.id, incident]))
    for (const [id, held] of byId) {
      const now = fresh.get(id)
      // One that we hold as open but is no longer listed was closed while we were not listening.
      if (!now && isOpen(held)) continue
      if (!now || held.version > now.version) fresh.set(id, held)
    }
    byId = fresh
    publish({ isLoaded: true, isCut, problem: undefined })
  } catch (thrown) {
    publish({ problem: asProblem(thrown) })
  }
}

/** Asks for all open incidents; a second call while one runs waits for it. */
export function loadIncidents(): Promise<void> {
  loading ??= read().finally(() => (loading = undefined))
  return loading
}

export const isOpen = (incident: Incident): boolean =>
  incident.state !== 'resolved' && incident.state !== 'closed'

/** Begins to hold incidents. */
export function startIncidents(): void {
  hear('incident', (data) => takeIncident(JSON.parse(data) as Incident))
  hear('skipped', () => void loadIncidents())
  whenRecovered(() => void loadIncidents())
  void loadIncidents()
}
