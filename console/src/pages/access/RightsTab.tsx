import { SegmentedControl } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { useRight } from '../../session/session'
import { t, type TextKey } from '../../text'
import { ActionButton } from '../../ui/ActionButton'
import { Pane } from '../../ui/Pane'
import { useUrl } from '../../url'
import type { ListProps } from './Listing'
import { Credentials, Groups, Rights, Versions } from './Lists'
import { RightDialog } from './RightDialogs'
import { ScheduleDialog } from './ScheduleDialog'
import { Schedules } from './Schedules'
import { Doors, Zones } from './Zones'
import css from './access.module.css'

const KINDS = [
  'rights',
  'groups',
  'schedules',
  'zones',
  'doors',
  'credentials',
  'versions',
] as const
/** What can be added by hand. */
const ADDED: Partial<Record<string, TextKey>> = {
  rights: 'access.give',
  schedules: 'access.add_hours',
}
type Kind = (typeof KINDS)[number]

/** Who may pass where, by which hours, and every change of that. */
export function RightsTab({ head }: { head: ReactNode }) {
  const [url, setUrl] = useUrl()
  const [isAdding, setAdding] = useState(false)
  const right = useRight('access.edit')
  const kind = KINDS.find((one) => one === url.kind) ?? 'rights'
  const adds = ADDED[kind]
  const offer = { allowed: right.allowed, reason: right.reason ?? undefined }
  return (
    <Pane title={t('access.rights')} isFlush head={head}>
      <div className={css.bar}>
        <SegmentedControl
          value={kind}
          onChange={(value) => setUrl({ kind: value === 'rights' ? undefined : value })}
          aria-label={t('access.list')}
          data={KINDS.map((one) => ({ value: one, label: t(`access.list_${one}`) }))}
        />
        {adds ? (
          <ActionButton
            offer={offer}
            size="sm"
            leftSection={<IconPlus size={16} aria-hidden />}
            onPress={() => setAdding(true)}
          >
            {t(adds)}
          </ActionButton>
        ) : (
          <span />
        )}
      </div>
      <Chosen kind={kind} offer={offer} />
      {isAdding && kind === 'rights' && <RightDialog close={() => setAdding(false)} />}
      {isAdding && kind === 'schedules' && <ScheduleDialog close={() => setAdding(false)} />}
    </Pane>
  )
}

function Chosen({ kind, offer }: ListProps & { kind: Kind }) {
  switch (kind) {
    case 'rights':
      return <Rights offer={offer} />
    case 'groups':
      return <Groups />
    case 'schedules':
      return <Schedules offer={offer} />
    case 'zones':
      return <Zones />
    case 'doors':
      return <Doors />
    case 'credentials':
      return <Credentials />
    case 'versions':
      return <Versions offer={offer} />
  }
}
