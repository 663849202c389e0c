import { Button } from '@mantine/core'
import { IconBuilding } from '@tabler/icons-react'
import { useEffect } from 'react'
import { address } from '../../api/client'
import { askSession, session } from '../../session/session'
import { t } from '../../text'
import css from './signin.module.css'

interface Props {
  list: { id: string; name: string }[]
  /** In a window of its own: what is typed on this page must stay. */
  isAside: boolean
}

/** Where one was, so that one is there again afterwards. */
const here = () => (location.pathname === '/' ? undefined : location.pathname + location.search)

/** The organisation's own providers, a plain link each: the browser goes there and comes back. */
export function Providers({ list, isAside }: Props) {
  useEffect(() => {
    if (!isAside || list.length === 0) return
    // Whoever signed in over there comes back to this window.
    const look = () => {
      if (!document.hidden && session.get().state === 'expired') void askSession(true)
    }
    window.addEventListener('focus', look)
    document.addEventListener('visibilitychange', look)
    return () => {
      window.removeEventListener('focus', look)
      document.removeEventListener('visibilitychange', look)
    }
  }, [isAside, list])
  if (list.length === 0) return null
  return (
    <div className={css.providers}>
      {list.map(({ id, name }) => (
        <Button
          key={id}
          component="a"
          href={address(`/v1/signin/oidc/${encodeURIComponent(id)}`, {
            next: isAside ? undefined : here(),
          })}
          target={isAside ? '_blank' : undefined}
          rel={isAside ? 'noopener' : undefined}
          size="md"
          variant="default"
          leftSection={<IconBuilding size={19} aria-hidden />}
        >
          {t('signin.provider', { name })}
        </Button>
      ))}
    </div>
  )
}
