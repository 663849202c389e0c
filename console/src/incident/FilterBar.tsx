import { CloseButton, Select, TextInput } from '@mantine/core'
import { IconFilter } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { useDirectory } from '../org/organisation'
import { t, teamName, word } from '../text'
import { LEVELS } from '../ui/gravity'
import { useUrl } from '../url'
import css from './filter.module.css'
import { FILTER_FIELD } from './useQueueKeys'

/** Words typed become part of the address after this pause. */
const PAUSE_MS = 180

export function FilterText() {
  const [url, setUrl] = useUrl()
  const [text, setText] = useState(url.q ?? '')
  useEffect(() => setText(url.q ?? ''), [url.q])
  useEffect(() => {
    if (text === (url.q ?? '')) return
    const timer = setTimeout(() => setUrl({ q: text || undefined }), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <TextInput
      id={FILTER_FIELD}
      className={css.text}
      value={text}
      placeholder={t('incidents.filter_hint')}
      aria-label={t('incidents.filter')}
      leftSection={<IconFilter size={13} />}
      rightSection={
        text && (
          <CloseButton
            size="xs"
            aria-label={t('incidents.clear_filter')}
            onClick={() => setText('')}
          />
        )
      }
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape' || event.key === 'Enter') event.currentTarget.blur()
      }}
    />
  )
}

/** Severity, owner and site, all of them in the address. */
export function FilterSelects({ withSite = true }: { withSite?: boolean }) {
  const [url, setUrl] = useUrl()
  const directory = useDirectory()
  return (
    <>
      <Select
        className={css.select}
        aria-label={t('incidents.level')}
        value={url.level ?? null}
        clearable
        placeholder={t('incidents.level_any')}
        onChange={(level) => setUrl({ level: level ?? undefined })}
        data={LEVELS.slice(0, 4).map((level) => ({
          value: level,
          label:
            level === 'critical'
              ? word('incidents', 'level', level)
              : t('incidents.level_min', { level: word('incidents', 'level', level) }),
        }))}
      />
      <Select
        className={css.select}
        aria-label={t('incidents.owner')}
        value={url.owner ?? null}
        clearable
        placeholder={t('incidents.owner_any')}
        onChange={(owner) => setUrl({ owner: owner ?? undefined })}
        data={[
          { value: 'me', label: t('incidents.owner_me') },
          ...directory.organisation.teams.map((id) => ({
            value: `team:${id}`,
            label: teamName(id),
          })),
        ]}
      />
      {withSite && (
        <Select
          className={css.select}
          aria-label={t('incidents.site')}
          value={url.site ?? null}
          clearable
          placeholder={t('incidents.site_any')}
          onChange={(site) => setUrl({ site: site ?? undefined })}
          data={directory.organisation.sites.map((id) => ({
            value: id,
            label: directory.siteName(id),
          }))}
        />
      )}
    </>
  )
}
