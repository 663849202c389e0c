import { IconLock, IconLockOpen2, IconPlugConnectedX } from '@tabler/icons-react'
import { useMemo, useRef, type ReactNode } from 'react'
import { useKeys } from '../../keys/keys'
import { useDirectory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import { Cut, Mark } from '../../parts/Facts'
import { FindBar } from '../../parts/FindBar'
import parts from '../../parts/parts.module.css'
import { Answered, Table } from '../../parts/Table'
import { t, word } from '../../text'
import { EmptyNote } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { useUrl } from '../../url'
import { DoorDetail } from './DoorDetail'
import { found, inOrder, toneOf, useDoors, type ControlledDoor } from './doors'
import { Standing } from './Standing'
import css from './doors.module.css'

/** Every door with a decision behind it, gravest first; beside it the one chosen. */
export function DoorsTab({ head }: { head: ReactNode }) {
  const [url, setUrl] = useUrl()
  const directory = useDirectory()
  const asked = useDoors()
  const search = useRef<HTMLInputElement>(null)
  const nameOf = (id: string) => directory.nameOf(`place:${id}`)
  const list = useMemo(
    () => found(inOrder(asked.data ?? []), url.find ?? '', nameOf),
    // The names come with the directory.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [asked.data, url.find, directory],
  )
  const step = (by: number) => {
    const at = list.findIndex((one) => one.door === url.id)
    const next = list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + by))]
    if (next) setUrl({ id: next.door })
  }
  const group = t('doors.title')
  useKeys([
    { keys: '/', label: t('doors.search'), group, run: () => search.current?.focus() },
    { keys: 'j', label: t('doors.key_next'), group, run: () => step(1) },
    { keys: 'k', label: t('doors.key_previous'), group, run: () => step(-1) },
    { keys: 'Escape', label: t('doors.close'), group, run: () => setUrl({ id: undefined }) },
  ])
  const chosen = asked.data?.find((one) => one.door === url.id)
  return (
    <div className={parts.split} data-even data-open={chosen ? true : undefined}>
      <Pane title={t('doors.title')} readAt={asked.readAt} isFlush head={head}>
        <Standing doors={asked.data ?? []} />
        <FindBar field={search} label={t('doors.search')} hint={t('doors.search_hint')} />
        <Answered asked={asked}>
          {(all) =>
            all.length === 0 ? (
              <EmptyNote title={t('doors.none')}>{t('doors.none_text')}</EmptyNote>
            ) : list.length === 0 ? (
              <EmptyNote title={t('doors.not_found')}>{t('doors.not_found_text')}</EmptyNote>
            ) : (
              <List list={list} chosen={url.id} choose={(id) => setUrl({ id }, true)} />
            )
          }
        </Answered>
      </Pane>
      {chosen ? (
        <DoorDetail
          key={chosen.door}
          door={chosen}
          readAt={asked.readAt}
          close={() => setUrl({ id: undefined })}
        />
      ) : (
        <Pane title={t('doors.one')}>
          <EmptyNote title={t('doors.none_chosen')}>{t('doors.none_chosen_text')}</EmptyNote>
        </Pane>
      )}
    </div>
  )
}

interface ListProps {
  list: readonly ControlledDoor[]
  chosen: string | undefined
  choose: (id: string) => void
}

function List({ list, chosen, choose }: ListProps) {
  const directory = useDirectory()
  return (
    <Table
      label={t('doors.title')}
      columns={[
        { label: t('doors.door') },
        { label: t('doors.stands') },
        { label: t('doors.last'), when: 'mid' },
        { label: t('doors.rights'), when: 'wide' },
        { label: t('doors.point'), when: 'wide' },
      ]}
    >
      {list.map((door) => (
        <tr
          key={door.door}
          data-chosen={door.door === chosen || undefined}
          onClick={() => choose(door.door)}
        >
          <td>
            <button type="button" className={parts.link} aria-pressed={door.door === chosen}>
              <Cut>{directory.nameOf(`place:${door.door}`)}</Cut>
            </button>
            <div className={css.hint}>{directory.nameOf(`place:${door.zone}`)}</div>
          </td>
          <td>
            <StandsMark door={door} />
          </td>
          <td data-mid className="dim">
            <LastCell door={door} />
          </td>
          <td data-wide>
            <LeaseMark door={door} />
          </td>
          <td data-wide className="dim">
            {door.point ?? '–'}
          </td>
        </tr>
      ))}
    </Table>
  )
}

/** How it stands: a word, and a shape for whether the strike is released. */
export function StandsMark({ door }: { door: ControlledDoor }) {
  if (!door.point) return <span className="faint">{t('doors.watched_only')}</span>
  if (door.heard !== 'live') {
    return (
      <span className={css.stands} data-tone="warn">
        <IconPlugConnectedX size={15} aria-hidden /> {t(`doors.heard_${door.heard}`)}
      </span>
    )
  }
  const Icon = door.is_released ? IconLockOpen2 : IconLock
  const stands = door.stands ? word('doors', 'stands', door.stands) : t('doors.stands_unknown')
  return (
    <span className={css.stands} data-tone={toneOf(door.stands)}>
      <Icon size={15} aria-hidden /> {stands}
      {door.lockdown && <Mark tone="bad">{t('doors.locked_down')}</Mark>}
    </span>
  )
}

function LastCell({ door }: { door: ControlledDoor }) {
  if (!door.last) return <>–</>
  return (
    <>
      <span data-tone={door.last.outcome === 'refused' ? 'warn' : undefined} className={css.last}>
        {t(`doors.outcome_${door.last.outcome}`)}
      </span>{' '}
      <AgoText at={door.last.at} />
    </>
  )
}

/** Whether the rights that the door goes by are as young as its zone asks for. */
export function LeaseMark({ door }: { door: ControlledDoor }) {
  if (!door.point) return <span className="faint">–</span>
  const tone = door.lease === 'current' ? 'good' : 'warn'
  return <Mark tone={tone}>{t(`doors.lease_${door.lease}`)}</Mark>
}
