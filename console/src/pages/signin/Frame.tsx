import type { ReactNode } from 'react'
import { Select } from '@mantine/core'
import { LANGUAGES, language, speak, t, type Language } from '../../text'
import { useExternal } from '../../live/external'
import css from './signin.module.css'

interface Props {
  title: string
  tenant?: string
  children: ReactNode
}

/** The one card of the pages before the console. */
export function Frame({ title, tenant, children }: Props) {
  const spoken = useExternal(language)
  return (
    <main className={css.frame}>
      <title>{`${title} · Castellan`}</title>
      <div className={css.card}>
        <header className={css.head}>
          <img src="/icon.svg" alt="" width={40} height={40} />
          <div>
            <h1 className={css.title}>{title}</h1>
            <p className={css.tenant}>{tenant ? `Castellan · ${tenant}` : 'Castellan'}</p>
          </div>
        </header>
        {children}
      </div>
      <footer className={css.foot}>
        <Select
          aria-label={t('signin.language')}
          value={spoken}
          allowDeselect={false}
          variant="unstyled"
          w={130}
          data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
          onChange={(value) => value && void speak(value as Language)}
        />
        <span>{t('signin.not_life_safety')}</span>
      </footer>
    </main>
  )
}
