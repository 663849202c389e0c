import { ActionIcon } from '@mantine/core'
import { IconFilterPlus } from '@tabler/icons-react'
import { useMemo } from 'react'
import type { OcsfEvent } from '../../api/types'
import { t } from '../../text'
import { fullTime } from '../../time/format'
import { pivotOf } from './columns'
import type { Key } from './filter'
import { branches, type Branch } from './tree'
import css from './events.module.css'

type OnPivot = (key: Key | undefined, value: string) => void

/** The attributes of an event; every value that can be looked for has a button that does. */
export function Tree({ event, onPivot }: { event: OcsfEvent; onPivot: OnPivot }) {
  const { list, isCut } = useMemo(() => branches(event), [event])
  return (
    <>
      <Branches list={list} onPivot={onPivot} />
      {isCut && <p className="faint">{t('events.tree_cut')}</p>}
    </>
  )
}

function Branches({ list, onPivot }: { list: Branch[]; onPivot: OnPivot }) {
  return (
    <ul className={css.tree}>
      {list.map((branch) => (
        <li key={branch.path}>
          {branch.below ? (
            <details open={branch.name !== 'unmapped' || list.length < 3}>
              <summary>
                <bdi className="mono">{branch.name}</bdi>
              </summary>
              <Branches list={branch.below} onPivot={onPivot} />
            </details>
          ) : (
            <Leaf branch={branch} onPivot={onPivot} />
          )}
        </li>
      ))}
    </ul>
  )
}

function Leaf({ branch, onPivot }: { branch: Branch; onPivot: OnPivot }) {
  const pivot = pivotOf(branch.path, branch.value)
  return (
    <div className={css.leaf}>
      <bdi className={`${css.leafName} mono`}>{branch.name}</bdi>
      <span className={css.leafValue} dir="auto">
        {branch.text}
        {branch.moment !== undefined && (
          <>
            {' '}
            <small>{fullTime(branch.moment, 'UTC')} UTC</small>
          </>
        )}
      </span>
      {pivot ? (
        <ActionIcon
          size="xs"
          className={css.leafPivot}
          onClick={() => onPivot(...pivot)}
          aria-label={t('events.look_for', { value: branch.text.slice(0, 80) })}
        >
          <IconFilterPlus size={13} />
        </ActionIcon>
      ) : (
        <span />
      )}
    </div>
  )
}
