/** To whom incidents may be given. The server refuses everybody else. */
import type { Incident, OperatorName } from '../api/types'

/** Those who may work every one of these, as choices. */
export function receivers(
  operators: readonly OperatorName[],
  list: readonly Pick<Incident, 'site'>[],
): { value: string; label: string }[] {
  const works = (one: OperatorName) => {
    const near = new Set(one.works_at)
    return one.works_everywhere || list.every(({ site }) => site && near.has(site))
  }
  return operators
    .filter((one) => one.person && works(one))
    .map((one) => ({ value: `person:${one.person}`, label: one.name }))
    .sort((a, b) => a.label.localeCompare(b.label))
}
