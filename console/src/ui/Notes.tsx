import { Button, Loader } from '@mantine/core'
import { IconCircleCheck, IconCloudOff, IconLock, IconPlugConnectedX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { asProblem } from '../api/problem'
import { t } from '../text'
import css from './ui.module.css'

interface Note {
  title: string
  children?: ReactNode
  icon?: ReactNode
}

/** Nothing to show, said as what it means: all is well, and since when. */
export function EmptyNote({ title, children, icon }: Note) {
  return (
    <div className={css.note} role="note">
      {icon ?? <IconCircleCheck size={28} stroke={1.5} aria-hidden className={css.noteGood} />}
      <p className={css.noteTitle}>{title}</p>
      {children && <div className={css.noteText}>{children}</div>}
    </div>
  )
}

/** A reading that failed, in words a person can act on. */
export function ProblemNote({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = asProblem(error)
  const [icon, title] =
    problem.isMissing && problem.code !== 'not_found'
      ? [<IconPlugConnectedX key="i" size={28} stroke={1.5} aria-hidden />, t('shell.not_offered')]
      : problem.isForbidden
        ? [<IconLock key="i" size={28} stroke={1.5} aria-hidden />, t('shell.not_allowed')]
        : [<IconCloudOff key="i" size={28} stroke={1.5} aria-hidden />, t('shell.failed')]
  return (
    <div className={css.note} role="alert">
      {icon}
      <p className={css.noteTitle}>{title}</p>
      <div className={css.noteText}>{problem.detail}</div>
      {retry && !problem.isMissing && (
        <Button variant="default" onClick={retry}>
          {t('shell.try_again')}
        </Button>
      )}
    </div>
  )
}

/** Something is on its way. */
export function Waiting({ label }: { label?: string }) {
  return (
    <div className={css.note} role="status">
      <Loader size="sm" color="gray" />
      <span className="hush">{label ?? t('shell.loading')}</span>
    </div>
  )
}
