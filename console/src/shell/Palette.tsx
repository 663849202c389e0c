import { Loader, Modal } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import {
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type KeyboardEvent,
} from 'react'
import { flushSync } from 'react-dom'
import { useExternal } from '../live/external'
import { t } from '../text'
import { groupOptions, onEnter, stepped } from './choice'
import { isCommandAllowed, pageCommands } from './commands'
import { useOptions, type Option } from './options'
import css from './shell.module.css'

const SHOWN_PER_GROUP = 7
/** Enter waits this long for results that are still on their way. */
const ENTER_WAIT_MS_MAX = 1_500

let isOpen = false
const watchers = new Set<() => void>()
const subscribe = (watcher: () => void) => {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

/** At once, not on the next frame: the letter typed right after Ctrl+K belongs into the field. */
function setOpen(wanted: boolean): void {
  isOpen = wanted
  flushSync(() => watchers.forEach((tell) => tell()))
}

/** Opens the palette: people, doors, assets, places, incidents, commands. */
export const openPalette = (): void => setOpen(true)

export function Palette() {
  const isShown = useSyncExternalStore(subscribe, () => isOpen)
  return (
    <Modal.Root
      opened={isShown}
      onClose={() => setOpen(false)}
      yOffset={80}
      size={640}
      padding={0}
      centered={false}
      transitionProps={{ duration: 0 }}
    >
      <Modal.Overlay />
      <Modal.Content aria-label={t('shell.search_all')}>
        <Modal.Body>
          <Finder close={() => setOpen(false)} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}

const LIST = 'palette-list'
const idOf = (option: Option) => `palette-${option.key}`

function Finder({ close }: { close: () => void }) {
  const navigate = useNavigate()
  const commands = useExternal(pageCommands)
  const own = useMemo(() => commands.filter(isCommandAllowed), [commands])
  const { options, isSearching } = useOptions(own)
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState<string>()
  const [asked, setAsked] = useState<'no' | 'waiting' | 'over'>('no')
  const groups = useMemo(() => groupOptions(options, text, SHOWN_PER_GROUP), [options, text])
  const found = useMemo(() => groups.flatMap(([, list]) => list), [groups])
  const marked = found.find((option) => option.key === chosen) ?? found[0]

  const open = (option: Option) => {
    close()
    if (option.run) option.run()
    else if (option.to)
      void navigate({ to: option.to as never, search: (option.search ?? {}) as never })
  }
  const enter = useRef(() => {})
  enter.current = () => {
    const answer = onEnter({ text, found, chosen, isSearching }, asked === 'over')
    if (answer === 'wait') setAsked('waiting')
    else if (answer === 'nothing') setAsked('no')
    else open(answer.open)
  }
  // Enter was pressed and results are still coming: each arrival, and the end of the wait, ask again.
  useEffect(() => {
    if (asked !== 'no') enter.current()
  }, [asked, found, isSearching])
  useEffect(() => {
    if (asked !== 'waiting') return
    const timer = setTimeout(() => setAsked('over'), ENTER_WAIT_MS_MAX)
    return () => clearTimeout(timer)
  }, [asked])

  const onKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      setChosen(stepped(found, marked?.key, event.key === 'ArrowDown' ? 1 : -1))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      enter.current()
    }
  }
  const type = (value: string) => {
    setText(value)
    setChosen(undefined)
    setAsked('no')
  }
  return (
    <>
      <div className={css.finder}>
        <IconSearch size={17} aria-hidden />
        <input
          className={css.finderField}
          value={text}
          role="combobox"
          aria-expanded={found.length > 0}
          aria-controls={LIST}
          aria-activedescendant={marked && idOf(marked)}
          aria-label={t('shell.search_all')}
          placeholder={t('shell.palette_placeholder')}
          autoFocus
          data-autofocus
          spellCheck={false}
          autoComplete="off"
          maxLength={200}
          dir="auto"
          onChange={(event) => type(event.currentTarget.value)}
          onKeyDown={onKey}
        />
        {(isSearching || asked !== 'no') && <Loader size={14} color="gray" aria-hidden />}
      </div>
      <Found groups={groups} marked={marked?.key} open={open} isSearching={isSearching} />
    </>
  )
}

interface FoundProps {
  groups: [group: string, list: Option[]][]
  marked: string | undefined
  open: (option: Option) => void
  isSearching: boolean
}

function Found({ groups, marked, open, isSearching }: FoundProps) {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' })
  }, [marked, groups])
  return (
    <div className={css.found} id={LIST} role="listbox" aria-label={t('shell.found')} ref={list}>
      {groups.length === 0 && (
        <p className={css.foundNone} role="presentation">
          {t(isSearching ? 'shell.loading' : 'shell.palette_none')}
          {!isSearching && <span className={css.foundHint}>{t('shell.names_hidden')}</span>}
        </p>
      )}
      {groups.map(([group, options]) => (
        <div key={group} role="group" aria-label={group}>
          <div className={css.foundGroup} aria-hidden>
            {group}
          </div>
          {options.map((option) => (
            <div
              key={option.key}
              id={idOf(option)}
              role="option"
              aria-selected={option.key === marked}
              className={css.option}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => open(option)}
            >
              {option.icon}
              <bdi className={`${css.optionText} cut`}>{option.label}</bdi>
              <span className={`${css.optionHint} cut`}>{option.hint}</span>
            </div>
          ))}
        </div>
      ))}
    </div>
  )
}
