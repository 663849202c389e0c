import { lazy, Suspense } from 'react'
import { useReading } from '../../parts/reading'
import parts from '../../parts/parts.module.css'
import { t } from '../../text'
import { Waiting } from '../../ui/Notes'
import { useUrl } from '../../url'
import { Link } from '@tanstack/react-router'
import type { AuditPage, OperatorItem, RolesAnswer } from './types'
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

/** Castellan itself: how it stands, who may do what, and what was done. */
export default function SystemPage() {
  const [url] = useUrl()
  const operators = useReading<OperatorItem[]>('/v1/operators')
  const roles = useReading<RolesAnswer>('/v1/roles')
  const audit = useReading<AuditPage>('/v1/audit', { limit: 1 })
  const hidden = new Set<Tab>([
    ...(operators.isMissing ? ['operators' as const] : []),
    ...(roles.isMissing ? ['roles' as const] : []),
    ...(audit.isMissing ? ['audit' as const] : []),
  ])
  const shown = NAMES.filter((name) => !hidden.has(name))
  const tab = isTab(url.tab) && shown.includes(url.tab) ? url.tab : 'status'
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
          <Page />
        </Suspense>
      </div>
    </div>
  )
}
