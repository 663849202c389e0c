import { Button } from '@mantine/core'
import { IconLifebuoy } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { asProblem } from '../api/problem'
import { incidents } from '../live/incidents'
import { useExternal } from '../live/external'
import { useOffers } from '../parts/reading'
import parts from '../parts/parts.module.css'
import { useRight } from '../session/session'
import { t } from '../text'
import { serverNow } from '../time/clock'
import { Dialog } from '../ui/Dialog'
import { Stamp } from '../ui/Stamp'
import { callForHelp, joined, presses } from './raised'
import css from '../shell/shell.module.css'

/**
 * Help in two actions: press, confirm. Nothing is heard, and nothing is seen, where it is pressed:
 * that the dialog closes says that it was sent.
 */
export function Panic() {
  const right = useRight('panic.raise')
  const isOffered = useOffers('post', '/v1/panic')
  const [isAsking, setAsking] = useState(false)
  if (!right.allowed || isOffered !== true) return null
  const close = () => setAsking(false)
  return (
    <>
      <button
        type="button"
        className={`${css.entry} ${css.panic}`}
        data-phone
        title={t('desk.panic_hint')}
        onClick={() => setAsking(true)}
      >
        <span className={css.entryIcon}>
          <IconLifebuoy size={19} stroke={1.7} aria-hidden />
        </span>
        <span className={css.entryText}>{t('desk.panic')}</span>
      </button>
      {isAsking && (
        <Dialog
          close={close}
          title={t('desk.panic_title')}
          size={400}
          transitionProps={{ duration: 0 }}
        >
          <Confirm close={close} />
        </Dialog>
      )}
    </>
  )
}

function Confirm({ close }: { close: () => void }) {
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string>()
  const { unseen } = useExternal(incidents)
  const before = joined(unseen, serverNow())
  const owed = before ?? unseen[0]
  const send = async () => {
    if (isBusy) return
    setBusy(true)
    setRefusal(undefined)
    try {
      await callForHelp()
      close()
    } catch (thrown) {
      setRefusal(asProblem(thrown).detail)
      setBusy(false)
    }
  }
  return (
    <div className={parts.form}>
      <p className={css.panicText}>
        {before ? (
          <>
            {t('desk.panic_called')} <Stamp at={presses(before).at(-1)!} place={before.site} />.{' '}
            {t('desk.panic_joins')}
          </>
        ) : (
          t('desk.panic_text', { report: t('desk.report') })
        )}
      </p>
      {owed && (
        <Link to="/operations" search={{ i: owed.id, at: 'incident' } as never} onClick={close}>
          {t('desk.report')}
        </Link>
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
        data-autofocus={before ? undefined : true}
        onClick={() => void send()}
      >
        {t(before ? 'desk.panic_again' : 'desk.panic_send')}
      </Button>
      <Button
        variant="default"
        size="md"
        fullWidth
        data-autofocus={before ? true : undefined}
        onClick={close}
      >
        {t('shell.cancel')}
      </Button>
    </div>
  )
}
