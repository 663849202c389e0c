import { ActionIcon, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconCopy, IconDots, IconFileZip, IconLink } from '@tabler/icons-react'
import { lazy, Suspense, useState } from 'react'
import type { Incident } from '../api/types'
import { useOffers } from '../parts/reading'
import { useRight } from '../session/session'
import { t } from '../text'
import { refusalOf } from '../ui/ActionButton'
import css from './incident.module.css'

const Bundle = lazy(() => import('./Bundle'))

/** What can be taken from an incident: its address, its number, all its evidence. */
export function More({ incident }: { incident: Incident }) {
  const isOffered = useOffers('get', '/v1/incidents/{id}/bundle')
  const refusal = refusalOf(useRight('export'))
  const [isTaking, setTaking] = useState(false)
  const address = `${location.origin}/incidents?i=${encodeURIComponent(incident.id)}`
  const copy = (text: string) => {
    void navigator.clipboard.writeText(text)
    notifications.show({ message: t('incidents.copied'), autoClose: 1_500, withBorder: true })
  }
  return (
    <>
      <Menu width={280}>
        <Menu.Target>
          <ActionIcon size="sm" aria-label={t('incidents.more')} title={t('incidents.more')}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {isOffered && (
            <Menu.Item
              leftSection={<IconFileZip size={14} />}
              disabled={refusal !== undefined}
              onClick={() => setTaking(true)}
            >
              {t('log.bundle')}
              {refusal && <span className={css.refusal}>{refusal}</span>}
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconLink size={14} />} onClick={() => copy(address)}>
            {t('incidents.copy_link')}
          </Menu.Item>
          <Menu.Item leftSection={<IconCopy size={14} />} onClick={() => copy(incident.id)}>
            {t('incidents.id')}: <span className="mono">{incident.id}</span>
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {isTaking && (
        <Suspense>
          <Bundle incident={incident} close={() => setTaking(false)} />
        </Suspense>
      )}
    </>
  )
}
