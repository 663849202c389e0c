import { Link, useLocation } from '@tanstack/react-router'
import { memo } from 'react'
import { isOfferedTo } from '../incident/filter'
import { useMe } from '../incident/useMe'
import { incidents, isOpen } from '../live/incidents'
import { useExternal } from '../live/external'
import { Panic } from '../panic/Panic'
import { count, t } from '../text'
import { inner, pages, type PageEntry } from './pages'
import css from './shell.module.css'

/** The way to every page; on a phone, a bar below. */
export const Rail = memo(function Rail() {
  return (
    <nav className={css.rail} aria-label={t('shell.pages')}>
      <div className={css.mark} aria-hidden>
        <img src="/icon.svg" alt="" width={26} height={26} />
      </div>
      {pages.map((page) => (
        <Entry key={page.to} page={page} />
      ))}
      <Panic />
    </nav>
  )
})

function Entry({ page }: { page: PageEntry }) {
  const Icon = page.icon
  const { pathname } = useLocation()
  const isOver = inner.some(({ to, under }) => under === page.to && pathname.startsWith(to))
  return (
    <Link
      to={page.to}
      className={css.entry}
      data-phone={page.isOnPhone || undefined}
      title={`${t(page.label)} (g ${page.key})`}
      aria-current={isOver || undefined}
      activeProps={{ 'aria-current': 'page' }}
    >
      <span className={css.entryIcon}>
        <Icon size={19} stroke={1.7} aria-hidden />
        {page.to === '/operations' && <NewCount />}
      </span>
      <span className={css.entryText}>{t(page.label)}</span>
    </Link>
  )
}

/** Incidents that nobody has acknowledged, and those that somebody hands over to this operator. */
function NewCount() {
  const { byId } = useExternal(incidents)
  const me = useMe()
  let waiting = 0
  let offered = 0
  for (const incident of byId.values()) {
    if (isOpen(incident) && incident.state === 'new') waiting += 1
    else if (isOfferedTo(incident, me)) offered += 1
  }
  if (waiting + offered === 0) return null
  return (
    <span className={`${css.count} num`} data-offered={waiting === 0 || undefined}>
      {waiting + offered > 99 ? '99+' : count(waiting + offered)}
      <span className="hush">
        {waiting > 0 && ` ${t('shell.not_acknowledged')}`}
        {offered > 0 && ` ${t('shell.offered', { count: offered })}`}
      </span>
    </span>
  )
}
