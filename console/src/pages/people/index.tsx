import { IconUser, IconUserOff } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef } from 'react'
import type { PersonItem } from '../../api/types'
import { useKeys } from '../../keys/keys'
import { useDirectory } from '../../org/organisation'
import { Mark } from '../../parts/Facts'
import { FindBar } from '../../parts/FindBar'
import parts from '../../parts/parts.module.css'
import { t, word } from '../../text'
import { EmptyNote, ProblemNote, Waiting } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { useUrl } from '../../url'
import { found, nameOfPerson, usePeople } from './people'
import { Person } from './Person'

const ROW_PX = 44

/** Everybody the organisation knows, and one person's page. */
export default function PeoplePage() {
  const [url, setUrl] = useUrl()
  const all = usePeople()
  const search = useRef<HTMLInputElement>(null)
  const list = useMemo(() => found(all.people, url.find ?? ''), [all.people, url.find])
  const step = (by: number) => {
    const at = list.findIndex((person) => person.id === url.id)
    const next = list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + by))]
    if (next) setUrl({ id: next.id })
  }
  const group = t('people.title')
  useKeys([
    { keys: '/', label: t('people.search'), group, run: () => search.current?.focus() },
    { keys: 'j', label: t('people.key_next'), group, run: () => step(1) },
    { keys: 'k', label: t('people.key_previous'), group, run: () => step(-1) },
    {
      keys: 'Escape',
      label: t('people.close_person'),
      group,
      run: () => setUrl({ id: undefined }),
    },
  ])
  return (
    <div className={parts.split} data-open={url.id ? true : undefined}>
      <Pane
        title={t('people.title')}
        readAt={all.readAt}
        isFlush
        head={<span className="faint num">{t('people.shown', { count: list.length })}</span>}
      >
        <FindBar field={search} label={t('people.search')} hint={t('people.search_hint')} />
        {all.isWaiting ? (
          <Waiting />
        ) : all.error && all.people.length === 0 ? (
          <ProblemNote error={all.error} retry={all.again} />
        ) : list.length === 0 ? (
          <EmptyNote title={t('people.none')}>
            {t('people.none_text')} {t('shell.names_hidden')}
          </EmptyNote>
        ) : (
          <List list={list} chosen={url.id} choose={(id) => setUrl({ id }, true)} />
        )}
      </Pane>
      {url.id ? (
        <Person key={url.id} id={url.id} close={() => setUrl({ id: undefined })} />
      ) : (
        <Pane title={t('people.one')}>
          <EmptyNote
            title={t('people.none_chosen')}
            icon={<IconUser size={28} stroke={1.5} aria-hidden />}
          >
            {t('people.none_chosen_text')}
          </EmptyNote>
        </Pane>
      )}
    </div>
  )
}

function List({
  list,
  chosen,
  choose,
}: {
  list: readonly PersonItem[]
  chosen: string | undefined
  choose: (id: string) => void
}) {
  const directory = useDirectory()
  const box = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: list.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
  })
  const at = list.findIndex((person) => person.id === chosen)
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at, { align: 'auto' })
  }, [at, rows])
  return (
    <div
      ref={box}
      className={parts.rows}
      tabIndex={0}
      role="listbox"
      aria-label={t('people.title')}
    >
      <div role="presentation" style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map(({ index, start, key }) => {
          const person = list[index]!
          const Icon = person.status === 'active' ? IconUser : IconUserOff
          return (
            <div
              key={key}
              role="option"
              aria-selected={person.id === chosen}
              className={parts.item}
              style={{ position: 'absolute', transform: `translateY(${start}px)` }}
              onClick={() => choose(person.id)}
            >
              <Icon size={17} stroke={1.6} aria-hidden className="faint" />
              <span className={parts.itemText}>
                <bdi className={`${parts.itemName} cut`}>{nameOfPerson(person).slice(0, 300)}</bdi>
                <bdi className={`${parts.itemHint} cut`}>
                  {[person.team, directory.siteName(person.site)].filter(Boolean).join(' · ')}
                </bdi>
              </span>
              {person.kind !== 'employee' && <Mark>{word('people', 'kind', person.kind)}</Mark>}
              {person.status !== 'active' && (
                <Mark tone="warn">{word('people', 'status', person.status)}</Mark>
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}
