import {
  IconBuilding,
  IconBuildingCommunity,
  IconCamera,
  IconCpu,
  IconDeviceDesktop,
  IconDeviceLaptop,
  IconDeviceMobile,
  IconDoor,
  IconMapPin,
  IconNetwork,
  IconScan,
  IconServer2,
  IconStack2,
  IconUser,
  IconUsers,
  IconVideo,
  IconWorld,
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

const ICONS: Record<string, typeof IconUser> = {
  person: IconUser,
  team: IconUsers,
  door: IconDoor,
  camera: IconCamera,
  recorder: IconVideo,
  phone: IconDeviceMobile,
  laptop: IconDeviceLaptop,
  workstation: IconDeviceDesktop,
  host: IconDeviceDesktop,
  server: IconServer2,
  service: IconServer2,
  switch: IconNetwork,
  firewall: IconNetwork,
  gateway: IconNetwork,
  asset: IconCpu,
  controller: IconCpu,
  reader: IconCpu,
  sensor: IconCpu,
  region: IconWorld,
  site: IconBuildingCommunity,
  building: IconBuilding,
  floor: IconStack2,
  lane: IconScan,
  scanner: IconScan,
}

/** An icon for a kind of entity, or for an asset's or place's own kind. */
export function EntityIcon({
  kind,
  size = 14,
  of = 'place',
}: {
  kind: string
  size?: number
  /** What it is where its own kind has no icon. */
  of?: 'place' | 'asset'
}) {
  const Icon = ICONS[kind] ?? (of === 'asset' ? IconCpu : IconMapPin)
  return <Icon size={size} aria-hidden stroke={1.8} />
}

/** A person, thing or place by name, leading to its page. */
export const EntityLink = memo(function EntityLink({ entity }: { entity: string }) {
  const directory = useDirectory()
  const { kind, id } = parseEntity(entity)
  const own = kind === 'place' ? directory.place(id)?.kind : directory.asset(id)?.kind
  const { to, search } = entityAddress(entity)
  return (
    <Link to={to} search={search as never} className={css.entity} title={entity}>
      <EntityIcon
        kind={kind === 'person' ? kind : (own ?? kind)}
        of={kind === 'asset' ? 'asset' : 'place'}
        size={13}
      />
      <bdi className="cut">{directory.nameOf(entity)}</bdi>
    </Link>
  )
})
