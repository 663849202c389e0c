import { Alert, Button, Divider, Loader, PasswordInput, TextInput } from '@mantine/core'
import { IconAlertCircle, IconFingerprint } from '@tabler/icons-react'
import { useCallback, useEffect, useState, type FormEvent } from 'react'
import { call, get } from '../../api/client'
import { asProblem, type Problem } from '../../api/problem'
import type { SessionAnswer } from '../../api/types'
import { hasPasskeys, signInByPasskey } from '../../session/passkey'
import { askSession, enter } from '../../session/session'
import { takeLinkCode, takeRefusal } from '../../session/link'
import { t, type TextKey } from '../../text'
import { span } from '../../time/format'
import css from './signin.module.css'
import { Frame } from './Frame'
import { Providers } from './Providers'

interface Ways {
  setup: boolean
  passkeys: boolean
  tenant: string
  organisation?: string
  providers?: { id: string; name: string }[]
}

/** Why it was refused, in words that help without telling a stranger more than they knew. */
function words(problem: Problem): string {
  if (problem.status === 429) {
    return t('signin.too_many', { wait: span((problem.retryAfterS ?? 60) * 1_000) })
  }
  return problem.detail || t('signin.refused')
}

const REFUSALS: Record<string, TextKey> = {
  oidc_refused: 'signin.oidc_refused',
  oidc_no_role: 'signin.oidc_no_role',
  oidc_expired: 'signin.oidc_expired',
  oidc_unreachable: 'signin.oidc_unreachable',
  too_many_tries: 'signin.oidc_too_many',
}

/** What an identity provider's refusal means, by its code. */
const refusalWords = (code: string): string => t(REFUSALS[code] ?? 'signin.oidc_refused')

/** After the server gave a session: what it may do is asked for in full. */
async function entered(answer: Partial<SessionAnswer>): Promise<void> {
  if (answer.rights && answer.csrf) enter(answer as SessionAnswer)
  else await askSession()
}

interface Props {
  /** Asked for over a page that stays as it is. */
  isAgain?: boolean
  /** Asked for as a proof: told when it is given. */
  onEntered?: () => void
}

/** The way in: link, passkey, password with a code, or the organisation's own provider. */
export default function SignIn({ isAgain = false, onEntered }: Props) {
  const [ways, setWays] = useState<Ways>()
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState<string>()
  const [refusal] = useState(takeRefusal)
  const attempt = useCallback(
    async (name: string, run: () => Promise<Partial<SessionAnswer>>) => {
      setBusy(name)
      setProblem(undefined)
      try {
        await entered(await run())
        onEntered?.()
      } catch (thrown) {
        setProblem(asProblem(thrown))
      } finally {
        setBusy(undefined)
      }
    },
    [onEntered],
  )
  useEffect(() => {
    get<Ways>('/v1/signin').then(setWays, (thrown) => setProblem(asProblem(thrown)))
    const code = takeLinkCode()
    if (code) void attempt('link', () => call('POST', '/v1/signin/link', { json: { code } }))
  }, [attempt])
  const body = (
    <div className={css.ways}>
      {problem && problem.code !== 'totp_wanted' && (
        <Alert color="red" variant="light" icon={<IconAlertCircle size={17} />} role="alert">
          {words(problem)}
        </Alert>
      )}
      {refusal && !problem && (
        <Alert color="red" variant="light" icon={<IconAlertCircle size={17} />} role="alert">
          {refusalWords(refusal)}
        </Alert>
      )}
      {busy === 'link' && (
        <div className={css.busy} role="status">
          <Loader size="sm" /> {t('signin.link_busy')}
        </div>
      )}
      {ways?.setup && !isAgain && <p className={css.hint}>{t('signin.setup')}</p>}
      {ways?.passkeys !== false && hasPasskeys() && (
        <Button
          size="md"
          leftSection={<IconFingerprint size={19} />}
          loading={busy === 'passkey'}
          onClick={() => void attempt('passkey', () => signInByPasskey())}
        >
          {t('signin.passkey')}
        </Button>
      )}
      {/* Whom a provider vouches for has nothing here that a proof would be wanted for. */}
      {!onEntered && <Providers list={ways?.providers ?? []} isAside={isAgain} />}
      <Divider label={t('signin.or_password')} labelPosition="center" />
      <PasswordForm
        isBusy={busy === 'password'}
        wantsCode={problem?.code === 'totp_wanted'}
        submit={(json) =>
          void attempt('password', () => call('POST', '/v1/signin/password', { json }))
        }
      />
    </div>
  )
  if (isAgain) return body
  return (
    <Frame title={t('signin.title')} tenant={ways?.organisation ?? ways?.tenant}>
      {body}
    </Frame>
  )
}

interface PasswordProps {
  isBusy: boolean
  wantsCode: boolean
  submit: (json: { login: string; password: string; code?: string }) => void
}

function PasswordForm({ isBusy, wantsCode, submit }: PasswordProps) {
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const send = (event: FormEvent) => {
    event.preventDefault()
    submit({ login: login.trim(), password, ...(code && { code: code.replaceAll(' ', '') }) })
  }
  return (
    <form onSubmit={send} className={css.form}>
      <TextInput
        size="sm"
        label={t('signin.login')}
        value={login}
        autoComplete="username webauthn"
        required
        maxLength={200}
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => setLogin(event.currentTarget.value)}
      />
      <PasswordInput
        label={t('signin.password')}
        value={password}
        autoComplete="current-password"
        required
        maxLength={1024}
        onChange={(event) => setPassword(event.currentTarget.value)}
        visibilityToggleButtonProps={{ 'aria-label': t('signin.show_password') }}
      />
      {wantsCode && (
        <TextInput
          size="sm"
          label={t('signin.code')}
          description={t('signin.code_hint')}
          value={code}
          autoFocus
          required
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={10}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
      )}
      <Button type="submit" size="sm" variant="default" loading={isBusy}>
        {t('signin.submit')}
      </Button>
    </form>
  )
}
