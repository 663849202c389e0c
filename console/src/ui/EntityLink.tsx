import {
  IconCamera,
  IconCpu,
  IconDeviceDesktop,
  IconDoor,
  IconMapPin,
  IconUser,
  IconUsers,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import { parseEntity, useDirectory } from '../org/organisation'
import css from './ui.module.css'

/** Where an entity is looked at. */
export function entityAddress(entity: string): { to: string; search: Record<string, string> } {
  const { kind, id } = parseEntity(entity)
  if (kind === 'person') return { to: '/people', search: { id } }
  if (kind === 'asset') return { to: '/places', search: { asset: id } }
  if (kind === 'place') return { to: '/places', search: { id } }
  return { to: '/events', search: { text: id } }
}

/** An icon for a kind of entity, or for an asset's or place's own kind. */
export function EntityIcon({ kind, size = 14 }: { kind: string; size?: number }) {
  const props = { size, 'aria-hidden': true, stroke: 1.8 }
  switch (kind) {
    case 'person':
      return <IconUser {...props} />
    case 'team':
      return <IconUsers {...props} />
    case 'door':
      return <IconDoor {...props} />
    case 'camera':
      return <IconCamera {...props} />
    case 'workstation':
    case 'laptop':
    case 'host':
    case 'server':
      return <IconDeviceDesktop {...props} />
    case 'asset':
    case 'controller':
    case 'reader':
    case 'firewall':
    case 'switch':
      return <IconCpu {...props} />
    default:
      return <IconMapPin {...props} />
  }
}

/** A person, thing or place by name, leading to its page. */
export const EntityLink = memo(function EntityLink({ entity }: { entity: string }) {
  const directory = useDirectory()
  const { kind, id } = parseEntity(entity)
  const own = kind === 'place' ? directory.place(id)?.kind : directory.asset(id)?.kind
  const { to, search } = entityAddress(entity)
  return (
    <Link to={to} search={search as never} className={css.entity} title={entity}>
      <EntityIcon kind={kind === 'person' ? kind : (own ?? kind)} size={13} />
      <bdi className="cut">{directory.nameOf(entity)}</bdi>
    </Link>
  )
})
