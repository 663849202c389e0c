import {
  IconBell,
  IconBolt,
  IconKey,
  IconLock,
  IconLockOpen2,
  IconShieldLock,
  IconTool,
} from '@tabler/icons-react'
import { useState } from 'react'
import type { ControlledDoor, MayDo } from '../../api/types'
import { CameraLink } from '../../camera/CameraLink'
import { useDirectory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import { Facts, Mark, Part } from '../../parts/Facts'
import { Because } from '../../plan/Because'
import { clearsBy, LastPassage } from '../../plan/LastPassage'
import { t, word } from '../../text'
import { span } from '../../time/format'
import { ActionButton } from '../../ui/ActionButton'
import { EntityLink } from '../../ui/EntityLink'
import { Pane } from '../../ui/Pane'
import { Stamp } from '../../ui/Stamp'
import { CommandList } from './Commands'
import { Recent } from './Recent'
import { LeaseMark, StandsMark } from './DoorList'
import { ordersFor, type OrderWord, type Row } from './doors'
import { LockdownDialog } from './LockdownDialog'
import { OrderDialog } from './OrderDialog'
import css from './doors.module.css'

interface Props {
  row: Row
  readAt: number | undefined
  close: () => void
}

const ICONS: Partial<Record<OrderWord, typeof IconLock>> = {
  release: IconBolt,
  unlock: IconLockOpen2,
  relock: IconLock,
  lock: IconLock,
  fire_reset: IconBell,
  rotate_keys: IconKey,
  maintenance: IconTool,
}

/** One door: how it stands and why, what may be asked of it, and what became of what was. */
export function DoorDetail({ row, readAt, close }: Props) {
  const { door, told } = row
  const directory = useDirectory()
  const [order, setOrder] = useState<OrderWord | 'lock_down'>()
  const name = directory.nameOf(`place:${door.door}`)
  return (
    <Pane title={name} readAt={readAt} back={{ label: t('doors.title'), run: close }}>
      {door.point ? (
        <div className={css.orders} role="group" aria-label={t('doors.orders')}>
          {ordersFor(door).map((one) => {
            const Icon = ICONS[one]
            return (
              <ActionButton
                key={one}
                offer={offerOf(door.may.operate)}
                variant="default"
                size="sm"
                leftSection={Icon && <Icon size={15} aria-hidden />}
                onPress={() => setOrder(one)}
              >
                {t(`doors.order_${one}`)}
              </ActionButton>
            )
          })}
          <ActionButton
            offer={offerOf(door.may.lockdown)}
            variant="default"
            size="sm"
            leftSection={<IconShieldLock size={15} aria-hidden />}
            onPress={() => setOrder('lock_down')}
          >
            {t('doors.lock_down_zone', { zone: directory.nameOf(`place:${door.zone}`) })}
          </ActionButton>
          <CameraLink entity={`place:${door.door}`} at={told.since ?? undefined} as="button" />
        </div>
      ) : (
        <>
          <p className="dim">{t('doors.watched_only_text')}</p>
          <div className={css.orders}>
            <CameraLink entity={`place:${door.door}`} at={told.since ?? undefined} as="button" />
          </div>
        </>
      )}
      <Part title={t('doors.now')}>
        <Facts
          list={[
            [t('doors.stands'), <StandsMark key="s" row={row} />],
            [t('doors.since'), told.since && <Since key="t" at={told.since} door={door.door} />],
            [t('doors.ends'), clearsBy(told)],
            [
              t('doors.last'),
              told.last && (
                <span key="l" className={css.lastLine}>
                  <LastPassage last={told.last} door={door.door} /> <Because last={told.last} />
                </span>
              ),
            ],
            [
              t('doors.work'),
              door.work && (
                <span key="w">
                  {word('doors', 'order', door.work)}
                  {door.work_until && (
                    <>
                      {' '}
                      {t('doors.until')} <Stamp at={door.work_until} place={door.door} />
                    </>
                  )}
                </span>
              ),
            ],
            [t('doors.strike'), door.point && t(door.is_released ? 'doors.released' : 'doors.secured')],
            [t('doors.reader'), door.point && readerText(door.secure)],
            [t('doors.leads'), <Leads key="l" door={door} />],
            [t('doors.asks'), word('doors', 'asks', door.asks)],
          ]}
        />
      </Part>
      <Recent door={door.door} />
      {door.point && (
        <>
          <Part title={t('doors.rights')}>
            <Facts
              list={[
                [t('doors.point'), door.point],
                [t('doors.lease'), <LeaseMark key="m" door={door} />],
                [t('doors.rights_from'), door.rights_at && <AgoText at={door.rights_at} />],
                [t('doors.lease_allows'), span(door.lease_s * 1_000)],
              ]}
            />
          </Part>
          <CommandList door={door.door} />
        </>
      )}
      {order === 'lock_down' ? (
        <LockdownDialog doors={[door]} zone={door.zone} close={() => setOrder(undefined)} />
      ) : (
        order && <OrderDialog door={door} order={order} close={() => setOrder(undefined)} />
      )}
    </Pane>
  )
}

const offerOf = ({ allowed, refusal }: MayDo) => ({ allowed, reason: refusal ?? undefined })

function Since({ at, door }: { at: string; door: string }) {
  return (
    <>
      <Stamp at={at} place={door} as="full" /> · <AgoText at={at} />
    </>
  )
}

function readerText(secure: boolean | null | undefined) {
  if (secure === true) return <Mark tone="good">{t('doors.secure')}</Mark>
  if (secure === false) return <Mark tone="warn">{t('doors.clear_text')}</Mark>
  return t('doors.no_reader')
}

function Leads({ door }: { door: ControlledDoor }) {
  return (
    <span className={css.leads}>
      {door.from_zone && (
        <>
          <EntityLink entity={`place:${door.from_zone}`} /> →
        </>
      )}
      <EntityLink entity={`place:${door.zone}`} />
    </span>
  )
}
