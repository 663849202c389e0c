import {
  IconActivity,
  IconAlertTriangle,
  IconBroadcast,
  IconDoor,
  IconKey,
  IconLayoutBoard,
  IconListSearch,
  IconMap2,
  IconRadar2,
  IconSettings,
  IconUserQuestion,
  IconUserSearch,
} from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useKeys } from '../keys/keys'
import { t, type TextKey } from '../text'

export interface PageEntry {
  to: string
  /** The letter after `g`. */
  key: string
  label: TextKey
  icon: typeof IconActivity
  /** On the guard's phone, in the bar below. */
  isOnPhone?: boolean
}

/** The rail, from top to bottom. */
export const pages: readonly PageEntry[] = [
  {
    to: '/operations',
    key: 'o',
    label: 'shell.nav_operations',
    icon: IconLayoutBoard,
    isOnPhone: true,
  },
  {
    to: '/incidents',
    key: 'i',
    label: 'shell.nav_incidents',
    icon: IconAlertTriangle,
    isOnPhone: true,
  },
  { to: '/events', key: 'e', label: 'shell.nav_events', icon: IconListSearch, isOnPhone: true },
  { to: '/people', key: 'p', label: 'shell.nav_people', icon: IconUserSearch, isOnPhone: true },
  { to: '/places', key: 'm', label: 'shell.nav_places', icon: IconMap2, isOnPhone: true },
  { to: '/doors', key: 'l', label: 'shell.nav_doors', icon: IconDoor, isOnPhone: true },
  { to: '/access', key: 'a', label: 'shell.nav_access', icon: IconKey },
  { to: '/sources', key: 's', label: 'shell.nav_sources', icon: IconBroadcast },
  { to: '/detections', key: 'd', label: 'shell.nav_detections', icon: IconRadar2 },
  { to: '/system', key: 'x', label: 'shell.nav_system', icon: IconSettings },
]

/** Pages that one comes to from elsewhere, and by the palette and the keys. */
export const asides: readonly PageEntry[] = [
  { to: '/whereabouts', key: 'w', label: 'whereabouts.title', icon: IconUserQuestion },
]

/** What has no entry of its own in the rail: what it is called, and which entry it belongs to. */
export const inner: readonly { to: string; label: TextKey; under: string }[] = [
  { to: '/whereabouts', label: 'whereabouts.title', under: '/people' },
  { to: '/findings', label: 'findings.one', under: '/detections' },
]

/** `g` and a letter lead to a page. */
export function useGoKeys(): void {
  const navigate = useNavigate()
  useKeys(
    [...pages, ...asides].map((page) => ({
      keys: `g ${page.key}`,
      label: t(page.label),
      group: t('shell.keys_go'),
      run: () => void navigate({ to: page.to as never }),
    })),
  )
}
