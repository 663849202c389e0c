import { useMemo } from 'react'
import { useSession } from '../session/session'
import type { Me } from './filter'

/** Who has no person in the organisation answers for incidents as the operator they are. */
export function useMe(): Me {
  const { operator } = useSession()
  return useMemo(
    () => ({
      operator: operator.id,
      person: operator.person ?? operator.id,
      teams: operator.teams,
    }),
    [operator],
  )
}
