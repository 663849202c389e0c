import { ActionIcon, Menu, Tooltip } from '@mantine/core'
import { IconCheck, IconStack2 } from '@tabler/icons-react'
import type { GroupMode } from '../../incident/flood'
import { t } from '../../text'
import { useUrl } from '../../url'
import css from './operations.module.css'

const MODES: GroupMode[] = ['auto', 'on', 'off']

/** One row per cause: by itself in a flood, always, or never. */
export function GroupSwitch({ isGrouped }: { isGrouped: boolean }) {
  const [url, setUrl] = useUrl()
  const mode = (url.group ?? 'auto') as GroupMode
  return (
    <>
      {isGrouped && (
        <span className={css.flood}>
          {t(mode === 'auto' ? 'incidents.flood' : 'incidents.grouped')}
        </span>
      )}
      <span className={css.spacer} />
      <Menu>
        <Menu.Target>
          <Tooltip label={t('incidents.group_by_cause')}>
            <ActionIcon
              size="sm"
              aria-label={t('incidents.group_by_cause')}
              data-on={isGrouped || undefined}
            >
              <IconStack2 size={15} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          {MODES.map((one) => (
            <Menu.Item
              key={one}
              onClick={() => setUrl({ group: one === 'auto' ? undefined : one })}
              rightSection={mode === one && <IconCheck size={14} aria-hidden />}
            >
              {t(`incidents.group_${one}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  )
}
