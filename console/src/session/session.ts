/** Who is at the console, and what the server says that they may do. */
import { call, get, setCsrf, whenSessionLost } from '../api/client'
import { asProblem, Problem } from '../api/problem'
import type { Right, SessionAnswer } from '../api/types'
import { External, useExternal } from '../live/external'
import { sightClock } from '../time/clock'

export type Session =
  | { state: 'asking' }
  | { state: 'out'; problem?: Problem }
  /** It ended under an operator's hands: the page stays, a dialog asks to sign in again. */
  | { state: 'expired'; was: SessionAnswer }
  | { state: 'unreachable'; problem: Problem }
  | { state: 'in'; session: SessionAnswer }

export const session = new External<Session>({ state: 'asking' })

/** A server from before sign-in, seen while developing behind the proxy's token. */
const DEVELOPER: SessionAnswer = {
  operator: { id: 'developer', name: 'Developer', teams: [] },
  roles: [{ role: 'administrator', sites: null }],
  rights: {},
  csrf: '',
}

/** Takes a session that the server has just given. */
export function enter(answer: SessionAnswer): void {
  setCsrf(answer.csrf)
  if (answer.now) sightClock(answer.now)
  session.set({ state: 'in', session: answer })
}

/** Asks the server who we are. `isPatient`: what stands, stands until there is a session. */
export async function askSession(isPatient = false): Promise<void> {
  try {
    enter(await get<SessionAnswer>('/v1/session'))
  } catch (thrown) {
    const problem = asProblem(thrown)
    if (isPatient) return
    if (problem.status === 401) session.set({ state: 'out', problem })
    else if (import.meta.env.DEV && problem.isMissing) enter(DEVELOPER)
    else session.set({ state: 'unreachable', problem })
  }
}

/** Signs out, here and on the server. */
export async function signOut(): Promise<void> {
  try {
    await call('DELETE', '/v1/session')
  } finally {
    setCsrf(undefined)
    location.assign('/')
  }
}

whenSessionLost(() => {
  const now = session.get()
  if (now.state === 'in') session.set({ state: 'expired', was: now.session })
})

/** The session at hand; only below the shell, where there is one. */
export function useSession(): SessionAnswer {
  const now = useExternal(session)
  if (now.state === 'in') return now.session
  if (now.state === 'expired') return now.was
  return DEVELOPER
}

/** What the server says about one action, with its reason when it is missing. */
export function useRight(action: string): Right {
  return rightIn(useSession(), action)
}

/** The same, of a session at hand. */
export function rightIn({ rights, operator }: SessionAnswer, action: string): Right {
  const right = rights[action]
  if (right) return right
  if (import.meta.env.DEV && operator.id === DEVELOPER.operator.id) return { allowed: true }
  return { allowed: false }
}
