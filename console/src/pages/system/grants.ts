import type { RoleItem } from './types'

/** Role to the sites where it holds; none means everywhere. */
export type Grants = Record<string, string[]>

export const textsOf = (roles: readonly RoleItem[]): Grants =>
  Object.fromEntries(roles.map(({ role, sites }) => [role, sites ?? []]))

export const grantsOf = (grants: Grants): RoleItem[] =>
  Object.entries(grants).map(([role, sites]) => ({ role, sites: sites.length > 0 ? sites : null }))
