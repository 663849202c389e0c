import { IconCircleCheck, IconCircleX, IconFingerprint, IconTrash } from '@tabler/icons-react'
import { ActionIcon } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMemo } from 'react'
import { call } from '../../api/client'
import { asProblem } from '../../api/problem'
import type { SessionAnswer } from '../../api/types'
import { useDirectory } from '../../org/organisation'
import { useReading } from '../../parts/reading'
import { askSession, useSession } from '../../session/session'
import { t, word } from '../../text'
import { Pane } from '../../ui/Pane'
import { Stamp } from '../../ui/Stamp'
import { Credentials } from '../signin/Credentials'
import type { RolesAnswer } from '../system/types'
import css from './me.module.css'

/** Who the operator is, how they sign in, and what the server says that they may do. */
export default function MePage() {
  const { operator, roles, rights, expires_at, passkeys, provider } = useSession()
  const directory = useDirectory()
  const known = useReading<RolesAnswer>(rights['system.read']?.allowed ? '/v1/roles' : undefined)
  const meanings = useMemo(() => meaningsOf(known.data), [known.data])
  // What one may do first, in the order of the roles' page.
  const order = [...meanings.keys()]
  const actions = Object.entries(rights).sort(
    ([a, one], [b, other]) =>
      Number(other.allowed) - Number(one.allowed) || order.indexOf(a) - order.indexOf(b),
  )
  return (
    <div className={css.page}>
      <Pane title={t('signin.me_sign_in')} className={css.narrow}>
        <dl className={css.facts}>
          <dt>{t('signin.me_login')}</dt>
          <dd>
            <bdi>{operator.login ?? operator.id}</bdi>
          </dd>
          <dt>{t('signin.me_roles')}</dt>
          <dd>
            {roles.map(({ role, sites }) => (
              <div key={role}>
                {word('shell', 'role', role)}{' '}
                <span className="dim">
                  ·{' '}
                  {sites
                    ? sites.map((site) => directory.siteName(site)).join(', ')
                    : t('signin.me_all_sites')}
                </span>
              </div>
            ))}
          </dd>
          {operator.teams.length > 0 && (
            <>
              <dt>{t('signin.me_teams')}</dt>
              <dd>{operator.teams.join(', ')}</dd>
            </>
          )}
          {expires_at && (
            <>
              <dt>{t('signin.me_until')}</dt>
              <dd>
                <Stamp at={expires_at} as="both" />
              </dd>
            </>
          )}
        </dl>
        {passkeys && passkeys.length > 0 && <Passkeys list={passkeys} />}
        {provider ? (
          <p className="dim">{t('signin.me_provider', { name: provider })}</p>
        ) : (
          <Credentials onDone={() => void askSession()} />
        )}
      </Pane>
      <Pane title={t('signin.me_rights')}>
        <ul className={css.rights}>
          {actions.map(([action, right]) => (
            <li key={action} data-allowed={right.allowed || undefined}>
              {right.allowed ? (
                <IconCircleCheck size={15} aria-label={t('signin.me_allowed')} />
              ) : (
                <IconCircleX size={15} aria-label={t('signin.me_not_allowed')} />
              )}
              <span>
                {meanings.get(action) ?? <span className="mono">{action}</span>}
                {right.reason && <span className={`${css.why} faint`}>{right.reason}</span>}
              </span>
              <span className={`${css.action} mono faint`}>{action}</span>
            </li>
          ))}
        </ul>
      </Pane>
    </div>
  )
}

/** What each action allows, in the server's words. */
const meaningsOf = (known: RolesAnswer | undefined): Map<string, string> =>
  new Map(
    (known?.actions ?? []).flatMap((one) =>
      typeof one === 'string' ? [] : [[one.action, one.meaning] as const],
    ),
  )

/** The operator's passkeys, each with when it was last used. */
function Passkeys({ list }: { list: NonNullable<SessionAnswer['passkeys']> }) {
  const remove = async (id: string) => {
    try {
      await call('DELETE', `/v1/me/passkeys/${encodeURIComponent(id)}`)
      await askSession()
    } catch (thrown) {
      notifications.show({ message: asProblem(thrown).detail, color: 'red', withBorder: true })
    }
  }
  return (
    <ul className={css.passkeys}>
      {list.map((key) => (
        <li key={key.id}>
          <IconFingerprint size={15} aria-hidden />
          <bdi className="cut">{key.name}</bdi>
          <span className="dim">
            <Stamp at={key.used_at ?? key.created_at} />
          </span>
          <ActionIcon
            size="sm"
            aria-label={`${t('shell.remove')}: ${key.name}`}
            onClick={() => void remove(key.id)}
          >
            <IconTrash size={14} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  )
}
