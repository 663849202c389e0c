import { Alert, Button, Textarea } from '@mantine/core'
import { IconCircleCheck } from '@tabler/icons-react'
import { useState, type FormEvent, type ReactNode } from 'react'
import { asProblem } from '../api/problem'
import { t } from '../text'
import { Dialog } from '../ui/Dialog'
import { FormFoot } from './FormFoot'
import css from './parts.module.css'

interface Props {
  title: string
  /** What will happen, and to what. */
  children: ReactNode
  /** On the button. */
  label: string
  close: () => void
  /** Does it; its answer says what became of it. */
  run: (reason: string) => Promise<ReactNode>
  isHarmless?: boolean
  /** What can be repeated without harm is confirmed, not argued. */
  isWithoutReason?: boolean
  /** Its outcome says by itself how it went, and may still change. */
  isFollowed?: boolean
  /** What it needs beside the reason is there. */
  isReady?: boolean
  width?: number
}

const REASON_CHARS_MAX = 500

/** Before what cannot be taken back: what it does, a typed reason, and then its outcome. */
export function ReasonDialog({
  title,
  children,
  label,
  close,
  run,
  isHarmless,
  isWithoutReason,
  isFollowed,
  isReady: isComplete = true,
  width = 460,
}: Props) {
  const [reason, setReason] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [outcome, setOutcome] = useState<ReactNode>()
  const [refusal, setRefusal] = useState<string>()
  const isReady = isComplete && (isWithoutReason || reason.trim() !== '')
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (isBusy || !isReady) return
    setBusy(true)
    setRefusal(undefined)
    try {
      setOutcome(await run(reason.trim()))
    } catch (thrown) {
      setRefusal(asProblem(thrown).detail)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog close={close} title={title} size={width}>
      {outcome !== undefined ? (
        <div className={css.form}>
          {isFollowed ? (
            <div role="status">{outcome}</div>
          ) : (
            <Alert color="green" icon={<IconCircleCheck size={18} />} role="status">
              {outcome}
            </Alert>
          )}
          <div className={css.formEnd}>
            <Button onClick={close} autoFocus>
              {t('shell.done')}
            </Button>
          </div>
        </div>
      ) : (
        <form className={css.form} onSubmit={(event) => void submit(event)}>
          <div className={css.said}>{children}</div>
          {!isWithoutReason && (
            <Textarea
              label={t('system.reason')}
              placeholder={t('system.reason_hint')}
              autosize
              minRows={2}
              maxLength={REASON_CHARS_MAX}
              value={reason}
              data-autofocus
              withAsterisk
              onChange={(event) => setReason(event.currentTarget.value)}
            />
          )}
          <FormFoot
            label={label}
            close={close}
            isBusy={isBusy}
            isReady={isReady}
            color={isHarmless ? undefined : 'red'}
            refusal={refusal}
          />
        </form>
      )}
    </Dialog>
  )
}
