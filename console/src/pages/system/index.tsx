import { IconLock } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import parts from '../../parts/parts.module.css'
import { rightIn, useSession } from '../../session/session'
import { t } from '../../text'
import { refusalOf } from '../../ui/ActionButton'
import { EmptyNote, Waiting } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { useUrl } from '../../url'
import css from './system.module.css'

const TABS = {
  status: lazy(() => import('./Status')),
  tokens: lazy(() => import('./Tokens')),
  operators: lazy(() => import('./Operators')),
  roles: lazy(() => import('./Roles')),
  limits: lazy(() => import('./Limits')),
  audit: lazy(() => import('./Audit')),
  about: lazy(() => import('./About')),
} as const

type Tab = keyof typeof TABS
const NAMES = Object.keys(TABS) as Tab[]
const isTab = (name: string | undefined): name is Tab => NAMES.includes(name as Tab)

/** What one must be allowed to look at it. */
const RIGHTS: Record<Tab, string> = {
  status: 'system.read',
  tokens: 'token.manage',
  operators: 'operator.manage',
  roles: 'system.read',
  limits: 'system.read',
  audit: 'audit.read',
  about: 'system.read',
}

/** Castellan itself: how it stands, who may do what, and what was done. */
export default function SystemPage() {
  const [url] = useUrl()
  const session = useSession()
  const shown = NAMES.filter((name) => rightIn(session, RIGHTS[name]).allowed)
  const tab = isTab(url.tab) ? url.tab : 'status'
  const refusal = refusalOf(rightIn(session, RIGHTS[tab]))
  const Page = TABS[tab]
  return (
    <div className={css.page}>
      <nav className={css.tabs} aria-label={t('system.parts')}>
        {shown.map((name) => (
          <Link
            key={name}
            to="/system"
            search={{ tab: name } as never}
            className={css.tab}
            aria-current={name === tab ? 'page' : undefined}
            activeProps={{}}
          >
            {t(`system.tab_${name}`)}
          </Link>
        ))}
      </nav>
      <div className={css.content}>
        <Suspense
          fallback={
            <div className={parts.quiet}>
              <Waiting />
            </div>
          }
        >
          {refusal ? <Refused tab={tab} why={refusal} /> : <Page />}
        </Suspense>
      </div>
    </div>
  )
}

/** Asked for by its address, by somebody who may not look at it. */
function Refused({ tab, why }: { tab: Tab; why: string }) {
  return (
    <Pane title={t(`system.tab_${tab}`)}>
      <EmptyNote
        title={t('shell.not_allowed')}
        icon={<IconLock size={28} stroke={1.5} aria-hidden />}
      >
        {why}
      </EmptyNote>
    </Pane>
  )
}
