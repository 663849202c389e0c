import { Button, Menu } from '@mantine/core'
import { IconFileTypePdf } from '@tabler/icons-react'
import { address } from '../../api/client'
import { t } from '../../text'
import { serverNow } from '../../time/clock'

const HOURS = [8, 12, 24]

/** The report of a shift for those who come next. */
export function HandoverButton() {
  const of = (hours: number) => {
    const to = serverNow()
    return address('/v1/handover', {
      from: new Date(to - hours * 3_600_000).toISOString(),
      to: new Date(to).toISOString(),
    })
  }
  return (
    <Menu>
      <Menu.Target>
        <Button size="compact-sm" variant="default" leftSection={<IconFileTypePdf size={14} />}>
          {t('incidents.handover_report')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {HOURS.map((hours) => (
          <Menu.Item key={hours} component="a" href={of(hours)} target="_blank" rel="noreferrer">
            {t('incidents.last_hours', { count: hours })}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
