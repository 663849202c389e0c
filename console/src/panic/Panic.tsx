import { Button } from '@mantine/core'
import { IconCheck, IconLifebuoy } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { asProblem } from '../api/problem'
import { incidents } from '../live/incidents'
import { useExternal } from '../live/external'
import { useOffers } from '../parts/reading'
import parts from '../parts/parts.module.css'
import { useRight } from '../session/session'
import { t } from '../text'
import { Dialog } from '../ui/Dialog'
import { callForHelp } from './raised'
import css from '../shell/shell.module.css'

/** How long the quiet tick stands that says: it has been sent. */
const SAID_FOR_MS = 20_000

/** Help in two actions: press, confirm. Nothing is heard, and little is seen, where it is pressed. */
export function Panic() {
  const right = useRight('panic.raise')
  const isOffered = useOffers('post', '/v1/panic')
  const [isAsking, setAsking] = useState(false)
  const [isSent, setSent] = useState(false)
  useEffect(() => {
    if (!isSent) return
    const timer = setTimeout(() => setSent(false), SAID_FOR_MS)
    return () => clearTimeout(timer)
  }, [isSent])
  if (!right.allowed || isOffered !== true) return null
  const sent = () => {
    setAsking(false)
    setSent(true)
  }
  return (
    <>
      <button
        type="button"
        className={`${css.entry} ${css.panic}`}
        data-phone
        data-sent={isSent || undefined}
        title={t('desk.panic_hint')}
        onClick={() => setAsking(true)}
      >
        <span className={css.entryIcon}>
          {isSent ? (
            <IconCheck size={19} stroke={2} aria-hidden />
          ) : (
            <IconLifebuoy size={19} stroke={1.7} aria-hidden />
          )}
        </span>
        <span className={css.entryText}>{t('desk.panic')}</span>
      </button>
      <span className="hush" role="status">
        {isSent && t('desk.panic_sent')}
      </span>
      {isAsking && (
        <Dialog
          close={() => setAsking(false)}
          title={t('desk.panic_title')}
          size={400}
          transitionProps={{ duration: 0 }}
        >
          <Confirm done={sent} close={() => setAsking(false)} />
        </Dialog>
      )}
    </>
  )
}

function Confirm({ done, close }: { done: () => void; close: () => void }) {
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string>()
  const owed = useExternal(incidents).unseen[0]
  const send = async () => {
    if (isBusy) return
    setBusy(true)
    setRefusal(undefined)
    try {
      await callForHelp()
      done()
    } catch (thrown) {
      setRefusal(asProblem(thrown).detail)
      setBusy(false)
    }
  }
  return (
    <div className={parts.form}>
      <p className={css.panicText}>{t('desk.panic_text')}</p>
      {owed && (
        <p className={css.panicText}>
          {t('desk.owed_mine')}{' '}
          <Link to="/operations" search={{ i: owed.id, at: 'incident' } as never} onClick={close}>
            {t('desk.owed_write')}
          </Link>
        </p>
      )}
      {refusal && (
        <p className={css.panicFailed} role="alert">
          {t('desk.panic_failed')} <bdi>{refusal}</bdi>
        </p>
      )}
      <Button
        size="lg"
        fullWidth
        color="red"
        loading={isBusy}
        data-autofocus
        onClick={() => void send()}
      >
        {t('desk.panic_send')}
      </Button>
      <Button variant="default" size="md" fullWidth onClick={close}>
        {t('shell.cancel')}
      </Button>
    </div>
  )
}
