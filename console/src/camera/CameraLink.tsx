import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { IconCamera } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useDirectory } from '../org/organisation'
import { t } from '../text'
import { serverNow } from '../time/clock'
import { cameraAddress, cameraOf } from './address'

interface Props {
  /** A door, or a camera: `place:…`, `asset:…`. */
  entity: string
  /** The moment to be seen; now, if absent. */
  at?: string | number
  as?: 'button' | 'icon'
}

/** One click to the picture: the video system at that moment, else the camera's own page. */
export function CameraLink({ entity, at, as = 'icon' }: Props) {
  const directory = useDirectory()
  const found = cameraOf(entity, directory)
  if (!found) return null
  const template = directory.organisation.camera_link
  const href = template && cameraAddress(template, { ...found, at: at ?? serverNow() })
  const name = directory.nameOf(`asset:${found.camera}`)
  const label = t(href ? 'desk.camera_play' : 'desk.camera_of', { name })
  const goal = href
    ? { component: 'a' as const, href, target: '_blank', rel: 'noopener noreferrer' }
    : { component: Link, to: '/places', search: { asset: found.camera } }
  if (as === 'button') {
    return (
      <Button
        {...(goal as { component: 'a' })}
        variant="default"
        size="compact-sm"
        leftSection={<IconCamera size={14} aria-hidden />}
        title={label}
      >
        {t('places.camera')}
      </Button>
    )
  }
  return (
    <Tooltip label={label}>
      <ActionIcon {...(goal as { component: 'a' })} size="sm" aria-label={label}>
        <IconCamera size={14} />
      </ActionIcon>
    </Tooltip>
  )
}
