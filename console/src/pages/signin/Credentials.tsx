import { Button, CopyButton, PasswordInput, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconCircleCheck, IconFingerprint, IconKey } from '@tabler/icons-react'
import { lazy, Suspense, useState, type FormEvent } from 'react'
import { call } from '../../api/client'
import { asProblem } from '../../api/problem'
import { enrolPasskey, hasPasskeys } from '../../session/passkey'
import { useSession } from '../../session/session'
import { t } from '../../text'
import css from './signin.module.css'

const Qr = lazy(() => import('./Qr'))

/** Shorter ones are refused by the server, too. */
const PASSWORD_CHARS_MIN = 12

function useStep(done: () => void) {
  const [isBusy, setBusy] = useState(false)
  const [isDone, setDone] = useState(false)
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true)
    try {
      await work()
      setDone(true)
      done()
    } catch (thrown) {
      const { code, detail: message } = asProblem(thrown)
      // The dialog that asks for proof says it already.
      if (code === 'proof_wanted') return
      notifications.show({
        title: t('signin.enrol_failed'),
        message,
        color: 'red',
        withBorder: true,
      })
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, isDone, run }
}

/** Setting up a passkey, or a password with a one-time code. */
export function Credentials({ onDone = () => {} }: { onDone?: () => void }) {
  const { provider } = useSession()
  return (
    <div className={css.ways}>
      <Passkey onDone={onDone} />
      {!provider && <Password onDone={onDone} />}
    </div>
  )
}

function Passkey({ onDone }: { onDone: () => void }) {
  const step = useStep(onDone)
  const [name, setName] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void step.run(() => enrolPasskey(name.trim() || t('signin.passkey_default')))
  }
  return (
    <form className={css.block} onSubmit={submit} aria-label={t('signin.enrol_passkey')}>
      <h2 className={css.blockTitle}>
        <IconFingerprint size={17} aria-hidden /> {t('signin.enrol_passkey')}
      </h2>
      <p className={css.hint}>
        {t(hasPasskeys() ? 'signin.enrol_passkey_text' : 'signin.no_passkeys_here')}
      </p>
      {hasPasskeys() && (
        <div className={css.line}>
          <TextInput
            size="sm"
            aria-label={t('signin.passkey_name')}
            placeholder={t('signin.passkey_name')}
            value={name}
            maxLength={60}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" size="sm" loading={step.isBusy}>
            {t('signin.make_passkey')}
          </Button>
        </div>
      )}
      {step.isDone && <Done text={t('signin.passkey_made')} />}
    </form>
  )
}

function Done({ text }: { text: string }) {
  return (
    <p className={css.done} role="status">
      <IconCircleCheck size={15} aria-hidden /> {text}
    </p>
  )
}

function Password({ onDone }: { onDone: () => void }) {
  const [totp, setTotp] = useState<{ uri: string; secret: string }>()
  const [old, setOld] = useState('')
  const [fresh, setFresh] = useState('')
  const [code, setCode] = useState('')
  const first = useStep(() => {})
  const second = useStep(onDone)
  const setPassword = (event: FormEvent) => {
    event.preventDefault()
    void first.run(async () => {
      await call('PUT', '/v1/me/password', { json: { new: fresh, ...(old && { old }) } })
      setTotp(await call('POST', '/v1/me/totp'))
    })
  }
  const confirm = (event: FormEvent) => {
    event.preventDefault()
    void second.run(() => call('PUT', '/v1/me/totp', { json: { code: code.replaceAll(' ', '') } }))
  }
  return (
    <section className={css.block} aria-label={t('signin.enrol_password')}>
      <h2 className={css.blockTitle}>
        <IconKey size={17} aria-hidden /> {t('signin.enrol_password')}
      </h2>
      <p className={css.hint}>{t('signin.enrol_password_text', { count: PASSWORD_CHARS_MIN })}</p>
      {!totp && (
        <form onSubmit={setPassword} className={css.form}>
          <PasswordInput
            label={t('signin.old_password')}
            description={t('signin.old_password_hint')}
            value={old}
            autoComplete="current-password"
            onChange={(event) => setOld(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': t('signin.show_password') }}
          />
          <PasswordInput
            label={t('signin.new_password')}
            value={fresh}
            required
            minLength={PASSWORD_CHARS_MIN}
            maxLength={256}
            autoComplete="new-password"
            onChange={(event) => setFresh(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': t('signin.show_password') }}
          />
          <Button type="submit" size="sm" variant="default" loading={first.isBusy}>
            {t('signin.set_password')}
          </Button>
        </form>
      )}
      {totp && (
        <form onSubmit={confirm} className={css.form}>
          <p className={css.hint}>{t('signin.totp_text')}</p>
          <Suspense>
            <Qr text={totp.uri} />
          </Suspense>
          <code className={css.secret}>{totp.secret.replace(/(.{4})/g, '$1 ').trim()}</code>
          <div className={css.line}>
            <CopyButton value={totp.secret}>
              {({ copied, copy }) => (
                <Button size="xs" variant="default" onClick={copy}>
                  {t(copied ? 'incidents.copied' : 'signin.copy_secret')}
                </Button>
              )}
            </CopyButton>
            <Button size="xs" variant="default" component="a" href={totp.uri}>
              {t('signin.open_app')}
            </Button>
          </div>
          <TextInput
            size="sm"
            label={t('signin.code')}
            value={code}
            required
            inputMode="numeric"
            maxLength={10}
            autoComplete="one-time-code"
            onChange={(event) => setCode(event.currentTarget.value)}
          />
          <Button type="submit" size="sm" loading={second.isBusy}>
            {t('signin.confirm_code')}
          </Button>
          {second.isDone && <Done text={t('signin.totp_made')} />}
        </form>
      )}
    </section>
  )
}
