import type { ReactNode } from 'react'
import { ProblemNote, Waiting } from '../ui/Notes'
import css from './parts.module.css'
import type { Reading } from './reading'

export interface Column {
  label: string
  /** Left out where the table is narrow: first what is `wide`, then what is `mid`. */
  when?: 'mid' | 'wide'
  isEnd?: boolean
  /** For ears only: what stands below says enough to eyes. */
  isHushed?: boolean
}

interface Props {
  label: string
  columns: readonly Column[]
  /** The rows; cells carry `data-mid`, `data-wide` and `data-end` as their columns do. */
  children: ReactNode
  /** Below the rows. */
  after?: ReactNode
  className?: string
}

/** A table that scrolls by itself, under a head that stays. */
export function Table({ label, columns, children, after, className }: Props) {
  return (
    <div className={css.scroll} tabIndex={0} role="group" aria-label={label}>
      <table className={`${css.table} ${className ?? ''}`}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.label}
                scope="col"
                data-mid={column.when === 'mid' || undefined}
                data-wide={column.when === 'wide' || undefined}
                data-end={column.isEnd || undefined}
              >
                {column.isHushed ? <span className="hush">{column.label}</span> : column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
      {after}
    </div>
  )
}

/** What a reading gave, once it has; until then that it is on its way, or why it failed. */
export function Answered<T>({
  asked,
  children,
}: {
  asked: Reading<T>
  children: (data: T) => ReactNode
}) {
  if (asked.data !== undefined) return children(asked.data)
  return asked.problem ? <ProblemNote error={asked.problem} retry={asked.again} /> : <Waiting />
}
