import { useEffect, useRef } from 'react'
import type { DoorState } from '../../api/types'
import { useKeys } from '../../keys/keys'
import { useDirectory } from '../../org/organisation'
import { FindBar } from '../../parts/FindBar'
import parts from '../../parts/parts.module.css'
import { Mark } from '../../parts/Facts'
import { t, word } from '../../text'
import { EntityIcon } from '../../ui/EntityLink'
import { isSaid, wantsEyes } from '../../plan/condition'
import { DoorShape } from '../../plan/DoorShape'
import { EmptyNote } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { troubles, type TreeRow } from './tree'
import css from './places.module.css'

interface Props {
  rows: readonly TreeRow[]
  at: string | undefined
  doors: ReadonlyMap<string, DoorState> | undefined
  choose: (entity: string) => void
}

export function TreePane({ rows, at, doors, choose }: Props) {
  const directory = useDirectory()
  const search = useRef<HTMLInputElement>(null)
  const here = useRef<HTMLDivElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const isFirst = useRef(true)
  useKeys([
    {
      keys: '/',
      label: t('places.search'),
      group: t('places.title'),
      run: () => search.current?.focus(),
    },
  ])
  useEffect(() => {
    const [row, list] = [here.current, box.current]
    if (!row || !list) return
    // Only the list moves, never the page around it.
    const [top, below] = [row.offsetTop, row.offsetHeight - list.clientHeight]
    if (top < list.scrollTop || top + below > list.scrollTop) {
      list.scrollTop = isFirst.current
        ? top + below / 2
        : Math.min(top, Math.max(list.scrollTop, top + below))
    }
    isFirst.current = false
  }, [at])
  return (
    <Pane
      title={t('places.title')}
      isFlush
      className={css.tree}
      head={<span className="faint num">{t('places.shown', { count: rows.length })}</span>}
    >
      <FindBar field={search} label={t('places.search')} hint={t('places.search_hint')} />
      {rows.length === 0 ? (
        <EmptyNote title={t('places.none')}>{t('places.none_text')}</EmptyNote>
      ) : (
        <div
          ref={box}
          className={parts.rows}
          role="tree"
          tabIndex={0}
          aria-label={t('places.title')}
        >
          {rows.map(({ place, depth }) => {
            const wrong =
              place.kind === 'door' ? 0 : troubles(place, (id) => directory.above(id), doors)
            const isHere = place.id === at
            const state = doors?.get(place.id)?.state
            return (
              <div
                key={place.id}
                ref={isHere ? here : undefined}
                role="treeitem"
                aria-level={depth + 1}
                aria-selected={isHere}
                className={css.node}
                onClick={() => choose(`place:${place.id}`)}
                style={{ paddingInlineStart: 12 + Math.min(depth, 8) * 15 }}
              >
                {place.kind === 'door' && doors ? (
                  <DoorShape state={state ?? 'unknown'} />
                ) : (
                  <EntityIcon kind={place.kind} />
                )}
                <bdi className="cut" title={place.name.slice(0, 600)}>
                  {place.name.slice(0, 200)}
                </bdi>
                {place.kind === 'door' && state && isSaid(state) && (
                  <Mark tone={wantsEyes(state) ? 'bad' : undefined}>
                    {word('incidents', 'door_state', state)}
                  </Mark>
                )}
                {state && !isSaid(state) && state !== 'normal' && (
                  <span className="hush">{word('incidents', 'door_state', state)}</span>
                )}
                {wrong > 0 && <Mark tone="bad">{t('places.wrong', { count: wrong })}</Mark>}
              </div>
            )
          })}
        </div>
      )}
    </Pane>
  )
}
