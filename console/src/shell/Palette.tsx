import { createSpotlight, Spotlight } from '@mantine/spotlight'
import { IconSearch } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useExternal } from '../live/external'
import { t } from '../text'
import { isCommandAllowed, pageCommands } from './commands'
import { groupOptions, useOptions, type Option } from './options'
import css from './shell.module.css'

const [store, spotlight] = createSpotlight()

/** Opens the palette: people, doors, assets, places, incidents, commands. */
export const openPalette = (): void => spotlight.open()

const SHOWN_PER_GROUP = 7

export function Palette() {
  const [query, setQuery] = useState('')
  const [isOpen, setOpen] = useState(false)
  return (
    <Spotlight.Root
      store={store}
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      lockScroll={false}
      onSpotlightOpen={() => setOpen(true)}
      onSpotlightClose={() => setOpen(false)}
      size={640}
      maxHeight="min(560px, 76vh)"
      scrollable
      clearQueryOnClose
      transitionProps={{ duration: 90 }}
      overlayProps={{ blur: 0, backgroundOpacity: 0.55 }}
      classNames={{ search: css.paletteInput, action: css.paletteAction }}
    >
      <Spotlight.Search
        placeholder={t('shell.palette_placeholder')}
        leftSection={<IconSearch size={17} />}
        aria-label={t('shell.search_all')}
      />
      <Spotlight.ActionsList>{isOpen && <Found query={query} />}</Spotlight.ActionsList>
    </Spotlight.Root>
  )
}

function Found({ query }: { query: string }) {
  const navigate = useNavigate()
  const own = useExternal(pageCommands).filter(isCommandAllowed)
  const options = useOptions(own)
  const groups = useMemo(() => groupOptions(options, query, SHOWN_PER_GROUP), [options, query])
  const choose = (option: Option) => {
    if (option.run) option.run()
    else if (option.to)
      void navigate({ to: option.to as never, search: (option.search ?? {}) as never })
  }
  if (groups.length === 0) return <Spotlight.Empty>{t('shell.palette_none')}</Spotlight.Empty>
  return groups.map(([group, list]) => (
    <Spotlight.ActionsGroup key={group} label={group}>
      {list.map((option) => (
        <Spotlight.Action key={option.key} onClick={() => choose(option)}>
          <span className={css.option}>
            {option.icon}
            <bdi className={`${css.optionText} cut`}>{option.label}</bdi>
            <span className={`${css.optionHint} cut`}>{option.hint}</span>
          </span>
        </Spotlight.Action>
      ))}
    </Spotlight.ActionsGroup>
  ))
}
