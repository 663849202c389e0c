import { ActionIcon, Button, Popover, Tooltip } from '@mantine/core'
import { IconCamera, IconCameraOff } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useDirectory } from '../org/organisation'
import { t } from '../text'
import { serverNow } from '../time/clock'
import { useLost } from '../plan/lost'
import { cameraAddress, cameraOf } from './address'
import { camerasNear } from './near'
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
  const lost = useLost()
  const found = cameraOf(entity, directory)
  if (!found) return null
  if (lost.has(`asset:${found.camera}`) && !isHere) {
    return <Blind as={as} found={found} at={at} />
  }
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

const BLIND = { leftSection: <IconCameraOff size={14} aria-hidden /> }

type Found = NonNullable<ReturnType<typeof cameraOf>>

const LOOK = {
  variant: 'default',
  size: 'compact-sm',
  leftSection: <IconCamera size={14} aria-hidden />,
}

/** The same button where the camera has lost its link: it offers those that see the same zone. */
function Blind({ as, found, at }: Pick<Props, 'as' | 'at'> & { found: Found }) {
  const [isOpen, setOpen] = useState(false)
  const directory = useDirectory()
  const lost = useLost()
  const name = directory.nameOf(`asset:${found.camera}`)
  const near = camerasNear(found, directory).filter((id) => !lost.has(`asset:${id}`))
  const label = t('desk.camera_blind', { name })
  const toggle = () => setOpen((was) => !was)
  const template = directory.organisation.camera_link
  return (
    <Popover opened={isOpen} onChange={setOpen} width={320} withArrow trapFocus returnFocus>
      <Popover.Target>
        {as === 'button' ? (
          <Button {...LOOK} {...BLIND} aria-label={label} title={label} onClick={toggle}>
            {t('places.camera')}
          </Button>
        ) : (
          <ActionIcon size="sm" aria-label={label} title={label} onClick={toggle}>
            <IconCameraOff size={14} className={css.dull} />
          </ActionIcon>
        )}
      </Popover.Target>
      <Popover.Dropdown className={css.why} aria-label={label}>
        <strong>{label}</strong>
        <p>{t(near.length > 0 ? 'desk.camera_near' : 'desk.camera_near_none')}</p>
        {near.map((camera) => {
          const other = directory.nameOf(`asset:${camera}`)
          const href =
            template && cameraAddress(template, { ...found, camera, at: at ?? serverNow() })
          return href ? (
            <a key={camera} href={href} target="_blank" rel="noopener noreferrer">
              {t('desk.camera_play', { name: other })}
            </a>
          ) : (
            <Link key={camera} to={'/places' as never} search={{ asset: camera } as never}>
              {other}
            </Link>
          )
        })}
        <Link to={'/places' as never} search={{ asset: found.camera } as never}>
          {t('desk.camera_where', { name })}
        </Link>
      </Popover.Dropdown>
    </Popover>
  )
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
