import { ActionIcon, Button } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { DoorState } from '../api/types'
import { Because } from './Because'
import { CameraLink } from '../camera/CameraLink'
import { parseEntity, useDirectory } from '../org/organisation'
import { t, word } from '../text'
import { entityAddress } from '../ui/EntityLink'
import { Ago, Stamp } from '../ui/Stamp'
import { clearsBy, LastPassage } from './LastPassage'
import { LinkOf } from './LinkOf'
import css from './plan.module.css'

interface Props {
  /** What was pressed on the plan: a door, a place or a thing. */
  entity: string
  state: DoorState | undefined
  /** The moment that its camera should show; now, if absent. */
  at?: string
  close: () => void
}

/** What a mark on the plan stands for: how it is, who was last there, its camera and its page. */
export function DoorCard({ entity, state, at, close }: Props) {
  const directory = useDirectory()
  const { kind, id } = parseEntity(entity)
  const { to, search } = entityAddress(entity)
  const name = directory.nameOf(entity)
  return (
    <div className={css.card} role="group" aria-label={name}>
      <div className={css.cardHead}>
        <bdi className="cut">{name}</bdi>
        <ActionIcon size="sm" aria-label={t('desk.door_close')} onClick={close}>
          <IconX size={14} />
        </ActionIcon>
      </div>
      <div className={css.cardText}>
        {state ? (
          <span data-condition={state.state}>
            {word('incidents', 'door_state', state.state)}
            {state.since && (
              <>
                {' '}
                · <Ago at={state.since} /> (<Stamp at={state.since} place={id} />)
              </>
            )}
          </span>
        ) : (
          <span>{directory.asset(id)?.kind ?? directory.place(id)?.kind ?? kind}</span>
        )}
        {clearsBy(state) && <span className={css.cardClears}>{clearsBy(state)}</span>}
        {kind === 'asset' && <LinkOf id={id} />}
        {state?.last && (
          <span className={css.cardLast}>
            <LastPassage last={state.last} door={id} /> <Because last={state.last} />
          </span>
        )}
      </div>
      <div className={css.cardEnd}>
        <CameraLink entity={entity} at={at} as="button" />
        {state?.control && (
          <Button
            component={Link}
            {...({ to: '/doors', search: { id } } as object)}
            variant="default"
            size="compact-sm"
          >
            {t('places.operate')}
          </Button>
        )}
        <Button
          component={Link}
          {...({ to, search } as object)}
          variant="default"
          size="compact-sm"
        >
          {t('desk.door_open')}
        </Button>
      </div>
    </div>
  )
}
