import { ActionIcon, Button, Popover, Tooltip } from '@mantine/core'
import { IconCamera } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useDirectory } from '../org/organisation'
import { t } from '../text'
import { serverNow } from '../time/clock'
import { cameraAddress, cameraOf } from './address'
import css from './camera.module.css'

interface Props {
  /** A door, or a camera: `place:…`, `asset:…`. */
  entity: string
  /** The moment to be seen; now, if absent. */
  at?: string | number
  as?: 'button' | 'icon'
  /** The camera's own page is what is looked at. */
  isHere?: boolean
}

/** One click to the picture: the video system at that moment; without a link to one, why not. */
export function CameraLink({ entity, at, as = 'icon', isHere }: Props) {
  const directory = useDirectory()
  const found = cameraOf(entity, directory)
  if (!found) return null
  const template = directory.organisation.camera_link
  const href = template && cameraAddress(template, { ...found, at: at ?? serverNow() })
  const name = directory.nameOf(`asset:${found.camera}`)
  if (!href) {
    const page = isHere ? undefined : found.camera
    return <Unlinked as={as} name={name} page={page} />
  }
  const label = t('desk.camera_play', { name })
  const goal = { component: 'a' as const, href, target: '_blank', rel: 'noopener noreferrer' }
  return as === 'button' ? (
    <Button {...goal} {...LOOK} title={label}>
      {t('places.camera')}
    </Button>
  ) : (
    <Tooltip label={label}>
      <ActionIcon {...goal} size="sm" aria-label={label}>
        <IconCamera size={14} />
      </ActionIcon>
    </Tooltip>
  )
}

const LOOK = {
  variant: 'default',
  size: 'compact-sm',
  leftSection: <IconCamera size={14} aria-hidden />,
}

/** The same button where no video system is linked: it says so, and who can change that. */
function Unlinked({ as, name, page }: { as: 'button' | 'icon'; name: string; page?: string }) {
  const [isOpen, setOpen] = useState(false)
  const label = t('desk.camera_unlinked', { name })
  const toggle = () => setOpen((was) => !was)
  return (
    <Popover opened={isOpen} onChange={setOpen} width={320} withArrow trapFocus returnFocus>
      <Popover.Target>
        {as === 'button' ? (
          <Button {...LOOK} aria-label={label} title={label} onClick={toggle}>
            {t('places.camera')}
          </Button>
        ) : (
          <ActionIcon size="sm" aria-label={label} title={label} onClick={toggle}>
            <IconCamera size={14} className={css.dull} />
          </ActionIcon>
        )}
      </Popover.Target>
      <Popover.Dropdown className={css.why} aria-label={label}>
        <strong>{t('desk.camera_unlinked_title')}</strong>
        <p>{t('desk.camera_unlinked_text')}</p>
        <code>[console] camera_link</code>
        {page && (
          <Link to={'/places' as never} search={{ asset: page } as never}>
            {t('desk.camera_where', { name })}
          </Link>
        )}
      </Popover.Dropdown>
    </Popover>
  )
}
