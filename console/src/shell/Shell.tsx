import { Outlet, useLocation } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { pendingKey, useKeys } from '../keys/keys'
import { KeySheet } from '../keys/KeySheet'
import { useExternal } from '../live/external'
import { useNamesElsewhere } from '../org/names'
import { t } from '../text'
import { Waiting } from '../ui/Notes'
import { useUrl } from '../url'
import { AlarmSound, WindowTitle } from './AlarmSound'
import { LinkBanner } from './LinkBanner'
import { inner, pages, useGoKeys } from './pages'
import { Palette, openPalette } from './Palette'
import { Rail } from './Rail'
import { TopBar } from './TopBar'
import css from './shell.module.css'

const OfferCards = lazy(() => import('../incident/OfferCards'))

/** What stands around every page: rail, bar, palette, key sheet, link, sound. */
export function Shell() {
  const [{ only }] = useUrl()
  const { pathname } = useLocation()
  const [isSheetOpen, setSheetOpen] = useState(false)
  const here = [...pages, ...inner].find((page) => pathname.startsWith(page.to))
  const title = here ? t(here.label) : pathname === '/me' ? t('shell.my_account') : 'Castellan'
  useGoKeys()
  useNamesElsewhere()
  useKeys([
    {
      keys: 'mod+k',
      label: t('shell.key_palette'),
      group: t('shell.keys_everywhere'),
      isGlobal: true,
      run: openPalette,
    },
    {
      keys: '?',
      label: t('shell.key_sheet'),
      group: t('shell.keys_everywhere'),
      run: () => setSheetOpen(true),
    },
  ])
  return (
    <div className={css.shell} data-only={only ? true : undefined}>
      <WindowTitle title={title} />
      <a className={css.skip} href="#page">
        {t('shell.skip')}
      </a>
      {!only && <Rail />}
      <div className={css.column}>
        {!only && <TopBar title={title} />}
        {only && <h1 className="hush">{title}</h1>}
        <LinkBanner />
        <main id="page" className={css.page} tabIndex={-1}>
          <Suspense fallback={<Waiting />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <Palette />
      {isSheetOpen && <KeySheet close={() => setSheetOpen(false)} />}
      {(!only || only === 'queue') && (
        <Suspense>
          <OfferCards />
        </Suspense>
      )}
      <AlarmSound />
      <PendingKey />
    </div>
  )
}

function PendingKey() {
  const key = useExternal(pendingKey)
  return key ? (
    <div className={css.pending} aria-hidden>
      {key} …
    </div>
  ) : null
}
