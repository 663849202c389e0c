/** To whom incidents may be given. The server refuses everybody else. */
import type { Incident, OperatorName } from '../api/types'
import { t, teamName, word } from '../text'

export interface Receiver {
  value: string
  label: string
  /** What they are, where, and whether they are there. */
  hint: string
  isOnDuty: boolean
}

type Listed = readonly Pick<Incident, 'site'>[]
type NameOf = (site: string) => string

/** Whether somebody may work every one of these. */
const worksAll = (one: OperatorName, list: Listed): boolean => {
  const near = new Set(one.works_at)
  return one.works_everywhere || list.every(({ site }) => site && near.has(site))
}

const duty = (isThere: boolean): string => t(isThere ? 'incidents.on_duty' : 'incidents.off_duty')

/** Those who may work every one of these, who are there before who are not. */
export function receivers(
  operators: readonly OperatorName[],
  list: Listed,
  siteName: NameOf = (site) => site,
): Receiver[] {
  return operators
    .filter((one) => one.person && worksAll(one, list))
    .map((one) => {
      const roles = (one.roles ?? []).map((role) => word('shell', 'role', role)).join(', ')
      const sites = one.works_everywhere
        ? t('incidents.site_any')
        : one.works_at.map(siteName).join(', ')
      const isOnDuty = one.is_on_duty === true
      const hint = [roles, sites, duty(isOnDuty)].filter(Boolean).join(' · ')
      return { value: `person:${one.person}`, label: one.name, hint, isOnDuty }
    })
    .sort((a, b) => Number(b.isOnDuty) - Number(a.isOnDuty) || a.label.localeCompare(b.label))
}

/**
 * Teams, and who of them may work every one of these. What is offered must be accepted: then teams
 * of which nobody may are left out.
 */
export function teamReceivers(
  teams: readonly string[],
  operators: readonly OperatorName[],
  list: Listed,
  isOffer: boolean,
  /** Who asks: counted with their team, though nobody hands over to themselves. */
  me?: string,
): Receiver[] {
  return teams.flatMap((id) => {
    const members = operators.filter(
      (one) => one.teams?.includes(id) && one.person && worksAll(one, list),
    )
    if (isOffer && members.every((one) => one.id === me)) return []
    const there = members.filter((one) => one.is_on_duty).length
    const hint =
      members.length === 0
        ? t('incidents.team_empty')
        : t('incidents.team_members', { count: members.length, there })
    return [{ value: `team:${id}`, label: teamName(id), hint, isOnDuty: there > 0 }]
  })
}
