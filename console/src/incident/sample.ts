/** An incident for tests: everything filled, what matters said. */
import type { Incident, IncidentState, Level } from '../api/types'

let n = 0
export function incident(
  id: string,
  level: Level = 'medium',
  state: IncidentState = 'new',
  more: Partial<Incident> = {},
): Incident {
  n += 1
  const at = new Date(Date.UTC(2026, 10, 22, 8, 0, n % 60)).toISOString()
  return {
    id,
    tenant: 'main',
    site: 'hq',
    title: `title of ${id}`,
    because: '',
    level,
    state,
    owner: { kind: 'team', id: 'guard' },
    opened_at: at,
    changed_at: at,
    first_seen: at,
    last_seen: at,
    rules: [],
    findings: [],
    entities: [],
    evidence: [],
    sop: [],
    timeline: [],
    version: 1,
    ...more,
  }
}
