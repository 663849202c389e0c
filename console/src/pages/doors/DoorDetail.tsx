import { IconBolt, IconLock, IconLockOpen2, IconTool } from '@tabler/icons-react'
import { useState } from 'react'
import { useDirectory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import { Facts, Mark, Part } from '../../parts/Facts'
import { t, word } from '../../text'
import { span } from '../../time/format'
import { ActionButton } from '../../ui/ActionButton'
import { EntityLink } from '../../ui/EntityLink'
import { Pane } from '../../ui/Pane'
import { Stamp } from '../../ui/Stamp'
import { CommandList } from './Commands'
import { Recent } from './Recent'
import { LeaseMark, StandsMark } from './DoorsTab'
import { ordersFor, type ControlledDoor, type OrderWord } from './doors'
import { OrderDialog } from './OrderDialog'
import css from './doors.module.css'

interface Props {
  door: ControlledDoor
  readAt: number | undefined
  close: () => void
}

const ICONS: Partial<Record<OrderWord, typeof IconLock>> = {
  release: IconBolt,
  unlock: IconLockOpen2,
  relock: IconLock,
  lock: IconLock,
  maintenance: IconTool,
}

/** One door: how it stands and why, what may be asked of it, and what became of what was. */
export function DoorDetail({ door, readAt, close }: Props) {
  const directory = useDirectory()
  const [order, setOrder] = useState<OrderWord>()
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
                offer={offerOf(door)}
                variant="default"
                size="sm"
                leftSection={Icon && <Icon size={15} aria-hidden />}
                onPress={() => setOrder(one)}
              >
                {t(`doors.order_${one}`)}
              </ActionButton>
            )
          })}
        </div>
      ) : (
        <p className="dim">{t('doors.watched_only_text')}</p>
      )}
      <Part title={t('doors.now')}>
        <Facts
          list={[
            [t('doors.stands'), <StandsMark key="s" door={door} />],
            [t('doors.since'), door.since && <Stamp at={door.since} place={door.door} as="full" />],
            [t('doors.strike'), t(door.is_released ? 'doors.released' : 'doors.secured')],
            [t('doors.reader'), readerText(door.secure)],
            [t('doors.leads'), <Leads key="l" door={door} />],
            [t('doors.asks'), word('doors', 'asks', door.asks)],
          ]}
        />
      </Part>
      <Recent door={door.door} />
      <Part title={t('doors.rights')}>
        <Facts
          list={[
            [t('doors.point'), door.point ?? undefined],
            [t('doors.lease'), <LeaseMark key="m" door={door} />],
            [t('doors.rights_from'), door.rights_at && <AgoText at={door.rights_at} />],
            [t('doors.lease_allows'), span(door.lease_s * 1_000)],
          ]}
        />
      </Part>
      <CommandList door={door.door} />
      {order && <OrderDialog door={door} order={order} close={() => setOrder(undefined)} />}
    </Pane>
  )
}

const offerOf = (door: ControlledDoor) =>
  door.may.operate.refusal
    ? { allowed: false, reason: door.may.operate.refusal.message }
    : { allowed: door.may.operate.allowed }

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
