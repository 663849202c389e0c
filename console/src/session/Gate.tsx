import { RouterProvider } from '@tanstack/react-router'
import { lazy, Suspense, useEffect } from 'react'
import { startIncidents } from '../live/incidents'
import { startLink } from '../live/link'
import { useExternal } from '../live/external'
import { router } from '../router'
import { t } from '../text'
import { language } from '../text/language'
import { startTicking } from '../time/clock'
import { Dialog } from '../ui/Dialog'
import { ProblemNote } from '../ui/Notes'
import { hasLinkCode } from './link'
import { proof, startProofs } from './proof'
import { askSession, session } from './session'

const SignIn = lazy(() => import('../pages/signin/SignIn'))
const Enrol = lazy(() => import('../pages/signin/Enrol'))

let isStarted = false

function begin(): void {
  if (isStarted) return
  isStarted = true
  startTicking()
  startLink()
  startIncidents()
  startProofs()
}

const proved = () => proof.get()?.settle(true)
const unproved = () => proof.get()?.settle(false)

/** Lets in whom the server knows; all others see the sign-in page and nothing else. */
export function Gate() {
  const now = useExternal(session)
  const spoken = useExternal(language)
  const asked = useExternal(proof)
  const isIn = now.state === 'in' && !now.session.must_enrol
  useEffect(() => {
    // The page's own script comes along while the server is asked who we are.
    router.load().catch(() => undefined)
    if (hasLinkCode()) session.set({ state: 'out' })
    else void askSession()
  }, [])
  useEffect(() => {
    if (isIn) begin()
  }, [isIn])
  if (now.state === 'asking') return null
  if (now.state === 'unreachable') {
    return <ProblemNote error={now.problem} retry={() => void askSession()} />
  }
  if (now.state === 'out')
    return (
      <Suspense>
        <SignIn key={spoken} />
      </Suspense>
    )
  if (now.state === 'in' && now.session.must_enrol)
    return (
      <Suspense>
        <Enrol />
      </Suspense>
    )
  return (
    <>
      <RouterProvider router={router} key={spoken} />
      {now.state === 'expired' && (
        <Suspense>
          <Dialog
            close={() => {}}
            withCloseButton={false}
            closeOnEscape={false}
            closeOnClickOutside={false}
            title={t('signin.expired_title')}
          >
            <SignIn isAgain />
          </Dialog>
        </Suspense>
      )}
      {asked !== undefined && (
        <Suspense>
          <Dialog close={unproved} title={t('signin.proof_title')}>
            <SignIn isAgain onEntered={proved} />
          </Dialog>
        </Suspense>
      )}
    </>
  )
}
