import { ActionIcon, Button, Checkbox, Menu, SegmentedControl, Tooltip } from '@mantine/core'
import { IconColumns3, IconDownload, IconRefresh } from '@tabler/icons-react'
import { address } from '../../api/client'
import { useMentions, useOffers } from '../../parts/reading'
import { useRight } from '../../session/session'
import { t } from '../../text'
import { refusalOf } from '../../ui/ActionButton'
import { columns as allColumns, toggled, type Column } from './columns'
import type { ApiQuery } from './filter'
import { Saved } from './Saved'
import css from './events.module.css'

interface Props {
  text: string
  query: ApiQuery
  isLive: boolean
  columns: readonly Column[]
  setText: (text: string) => void
  setUrl: (patch: Record<string, string | undefined>) => void
  again: () => void
}

/** Live or search, columns, saved searches, export. */
export function Tools({ text, query, isLive, columns, setText, setUrl, again }: Props) {
  return (
    <div className={css.tools}>
      <SegmentedControl
        size="sm"
        value={isLive ? 'live' : 'search'}
        aria-label={t('events.mode')}
        onChange={(mode) => setUrl({ mode, event: undefined })}
        data={[
          { value: 'live', label: t('events.live') },
          { value: 'search', label: t('events.search') },
        ]}
      />
      {!isLive && (
        <Tooltip label={t('events.again')}>
          <ActionIcon size="lg" aria-label={t('events.again')} onClick={again}>
            <IconRefresh size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      <Menu closeOnItemClick={false}>
        <Menu.Target>
          <ActionIcon size="lg" aria-label={t('events.columns')}>
            <IconColumns3 size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t('events.columns')}</Menu.Label>
          {allColumns.map((column) => {
            const isShown = columns.some((one) => one.id === column.id)
            return (
              <Menu.Item
                key={column.id}
                role="menuitemcheckbox"
                aria-checked={isShown}
                onClick={() => setUrl({ cols: toggled(columns, column.id) })}
                leftSection={<Checkbox.Indicator checked={isShown} size="xs" aria-hidden />}
              >
                {t(column.label)}
              </Menu.Item>
            )
          })}
        </Menu.Dropdown>
      </Menu>
      <Saved text={text} isLive={isLive} setText={setText} />
      <Export query={query} />
    </div>
  )
}

const FORMATS = ['csv', 'ndjson', 'parquet'] as const

/** Links that fetch all that the filter finds; absent where the server has no export. */
function Export({ query }: { query: ApiQuery }) {
  const isOffered = useOffers('get', '/v1/events/export')
  const hasParquet = useMentions('get', '/v1/events/export', 'parquet')
  const right = useRight('export')
  if (!isOffered) return null
  const refusal = refusalOf(right)
  if (refusal) {
    return (
      <Tooltip label={refusal}>
        <Button
          variant="default"
          size="sm"
          data-disabled
          aria-disabled
          leftSection={<IconDownload size={15} />}
        >
          {t('events.export')}
        </Button>
      </Tooltip>
    )
  }
  return (
    <Menu>
      <Menu.Target>
        <Button variant="default" size="sm" leftSection={<IconDownload size={15} />}>
          {t('events.export')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label maw={260} style={{ whiteSpace: 'normal' }}>
          {t('events.export_lines')}
        </Menu.Label>
        {FORMATS.filter((format) => format !== 'parquet' || hasParquet).map((format) => (
          <Menu.Item
            key={format}
            component="a"
            // The server names it: what it is about, and of when.
            download=""
            href={address('/v1/events/export', { ...query, format })}
          >
            {t('events.export_as', {
              format: format === 'parquet' ? 'Parquet' : format.toUpperCase(),
            })}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
