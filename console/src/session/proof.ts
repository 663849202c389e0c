/**
 * What lacks in a refused request and can be given: a fresh proof of who one is, or the token of a
 * session that another window began. The request then goes on as it was.
 */
import { get, whenRefused } from '../api/client'
import type { Problem } from '../api/problem'
import type { SessionAnswer } from '../api/types'
import { External } from '../live/external'
import { enter, session } from './session'

interface Asking {
  /** Whose proof is wanted: somebody else's would change somebody else's ways in. */
  operator: string
  settle: (isProved: boolean) => void
}

/** The proof that is being asked for. */
export const proof = new External<Asking | undefined>(undefined)

const operator = (): string | undefined => {
  const now = session.get()
  return now.state === 'in' ? now.session.operator.id : undefined
}

/** Asks to sign in again; whether the same operator did. */
function askProof(): Promise<boolean> {
  const mine = operator()
  if (!mine || proof.get()) return Promise.resolve(false)
  return new Promise((resolve) => {
    const settle = (isProved: boolean) => {
      proof.set(undefined)
      resolve(isProved && operator() === mine)
    }
    proof.set({ operator: mine, settle })
  })
}

/** Another window of this browser began a session: its token is ours, too. */
async function takeSession(): Promise<boolean> {
  const mine = operator()
  if (!mine) return false
  try {
    const answer = await get<SessionAnswer>('/v1/session')
    if (answer.operator.id !== mine) return false
    enter(answer)
    return true
  } catch {
    return false
  }
}

export function startProofs(): void {
  whenRefused(async (problem: Problem) => {
    if (problem.code === 'proof_wanted') return askProof()
    if (problem.code === 'csrf') return takeSession()
    return false
  })
}
