import type { ReactNode } from 'react'
import { Answered, Table, type Column } from '../../parts/Table'
import { useReading } from '../../parts/reading'
import { t } from '../../text'
import { EmptyNote } from '../../ui/Notes'
import type { Page } from './rights'
import css from './access.module.css'

const LIMIT = 500

/** Whether somebody may change what is listed, and if not why. */
export interface ListProps {
  offer: { allowed: boolean; reason?: string }
}

interface Props<T> {
  path: string
  label: string
  columns: readonly Column[]
  row: (item: T) => ReactNode
}

/** One list of the server's; longer ones say that they are cut. */
export function Listing<T>({ path, label, columns, row }: Props<T>) {
  const asked = useReading<Page<T> | readonly T[]>(path, { limit: LIMIT })
  return (
    <Answered asked={asked}>
      {(data) => {
        const items = 'items' in data ? data.items : data
        if (items.length === 0) {
          return <EmptyNote title={t('access.none')}>{t('access.none_text')}</EmptyNote>
        }
        const isCut = 'items' in data && Boolean(data.next)
        return (
          <Table
            label={label}
            columns={columns}
            after={isCut && <p className={css.cutNote}>{t('access.cut', { count: LIMIT })}</p>}
          >
            {items.map(row)}
          </Table>
        )
      }}
    </Answered>
  )
}
