import { SegmentedControl } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useMemo, useRef, type ReactNode } from 'react'
import { useKeys } from '../../keys/keys'
import { useDirectory } from '../../org/organisation'
import { FindBar } from '../../parts/FindBar'
import parts from '../../parts/parts.module.css'
import { Answered } from '../../parts/Table'
import { useControl, useDoorStates } from '../../plan/doors'
import { t } from '../../text'
import { EmptyNote } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { useUrl } from '../../url'
import { Attention } from './Attention'
import { DoorDetail } from './DoorDetail'
import { DoorList } from './DoorList'
import { found, inOrder, rowsOf, type Row } from './doors'
import { DoorsPlan } from './DoorsPlan'
import { Receipts } from './Receipts'
import { Standing } from './Standing'
import css from './doors.module.css'

const EVERY_MS = 5_000
/** From here on the list and the plan stand side by side. */
const WIDE = '(min-width: 1680px)'

/** Every door with how it stands, gravest first, as a list and on its plan; beside it the one chosen. */
export function DoorsTab({ head }: { head: ReactNode }) {
  const [url, setUrl] = useUrl()
  const directory = useDirectory()
  const isWide = useMediaQuery(WIDE, undefined, { getInitialValueInEffect: false })
  const asked = useControl(EVERY_MS)
  const states = useDoorStates().data
  const search = useRef<HTMLInputElement>(null)
  const rows = useMemo(() => inOrder(rowsOf(asked.data ?? [], states)), [asked.data, states])
  const list = useMemo(
    () => found(rows, url.find ?? '', (id) => directory.nameOf(`place:${id}`)),
    [rows, url.find, directory],
  )
  const choose = (id: string) => setUrl({ id, plan: undefined }, true)
  const step = (by: number) => {
    const at = list.findIndex(({ door }) => door.door === url.id)
    const next = list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + by))]
    if (next) setUrl({ id: next.door.door, plan: undefined })
  }
  const isPlan = !isWide && url.show === 'plan'
  const group = t('doors.title')
  useKeys([
    { keys: '/', label: t('doors.search'), group, run: () => search.current?.focus() },
    { keys: 'j', label: t('doors.key_next'), group, run: () => step(1) },
    { keys: 'k', label: t('doors.key_previous'), group, run: () => step(-1) },
    {
      keys: 'v',
      label: t('doors.key_view'),
      group,
      run: () => setUrl({ show: isPlan ? undefined : 'plan' }),
    },
    { keys: 'Escape', label: t('doors.close'), group, run: () => setUrl({ id: undefined }) },
  ])
  const chosen = rows.find(({ door }) => door.door === url.id)
  const seen = { rows, chosen: url.id, choose }
  return (
    <div
      className={isWide ? css.wide : parts.split}
      data-even
      data-open={chosen ? true : undefined}
    >
      <Pane
        title={t('doors.title')}
        readAt={asked.readAt}
        isFlush
        head={
          <>
            {head}
            {!isWide && (
              <SegmentedControl
                value={isPlan ? 'plan' : 'list'}
                onChange={(value) => setUrl({ show: value === 'plan' ? value : undefined })}
                aria-label={t('doors.show')}
                data={[
                  { value: 'list', label: t('doors.show_list') },
                  { value: 'plan', label: t('doors.show_plan') },
                ]}
              />
            )}
          </>
        }
      >
        <Standing doors={asked.data ?? []} chosen={chosen?.door.zone} />
        {asked.data && <Attention {...seen} />}
        <Receipts />
        {!isPlan && (
          <FindBar field={search} label={t('doors.search')} hint={t('doors.search_hint')} />
        )}
        <Answered asked={asked}>
          {() =>
            rows.length === 0 ? (
              <EmptyNote title={t('doors.none')}>{t('doors.none_text')}</EmptyNote>
            ) : isPlan ? (
              <DoorsPlan {...seen} states={states} />
            ) : list.length === 0 ? (
              <EmptyNote title={t('doors.not_found')}>{t('doors.not_found_text')}</EmptyNote>
            ) : (
              <DoorList {...seen} rows={list} />
            )
          }
        </Answered>
      </Pane>
      {isWide && (
        <Pane title={t('doors.plan')} readAt={asked.readAt} isFlush>
          {rows.length > 0 && <DoorsPlan {...seen} states={states} />}
        </Pane>
      )}
      <Chosen row={chosen} readAt={asked.readAt} close={() => setUrl({ id: undefined })} />
    </div>
  )
}

interface ChosenProps {
  row: Row | undefined
  readAt: number | undefined
  close: () => void
}

function Chosen({ row, readAt, close }: ChosenProps) {
  if (row) return <DoorDetail key={row.door.door} row={row} readAt={readAt} close={close} />
  return (
    <Pane title={t('doors.one')}>
      <EmptyNote title={t('doors.none_chosen')}>{t('doors.none_chosen_text')}</EmptyNote>
    </Pane>
  )
}
