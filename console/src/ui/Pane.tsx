import { ActionIcon, Tooltip } from '@mantine/core'
import { IconArrowLeft, IconExternalLink } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { link } from '../live/link'
import { useExternal } from '../live/external'
import { t } from '../text'
import { DataAge } from './DataAge'
import css from './ui.module.css'

interface Props {
  title: ReactNode
  /** For ears, where the title is not a plain text. */
  label?: string
  /** Beside the title: filters, counts. */
  head?: ReactNode
  children: ReactNode
  /** Address of this pane alone, for another monitor. */
  popOut?: string
  /** When a reading was made, by `performance.now()`; the live link's age if absent. */
  readAt?: number
  isFlush?: boolean
  className?: string
  /** The way back to the list, where one pane is seen at a time. */
  back?: { label: string; run: () => void }
}

/** A part of the screen that says how old what it shows is, and greys when the link is lost. */
export function Pane({
  title,
  label,
  head,
  children,
  popOut,
  readAt,
  isFlush,
  className,
  back,
}: Props) {
  const name = label ?? (typeof title === 'string' ? title : undefined)
  return (
    <section className={`${css.pane} ${className ?? ''}`} aria-label={name}>
      <header className={css.paneHead}>
        {back && (
          <ActionIcon className={css.back} aria-label={back.label} onClick={back.run}>
            <IconArrowLeft size={16} />
          </ActionIcon>
        )}
        <h2 className={css.paneTitle}>{title}</h2>
        <div className={css.paneTools}>{head}</div>
        <DataAge readAt={readAt} />
        {popOut && <PopOut address={popOut} name={name ?? ''} />}
      </header>
      <Greying isFlush={isFlush}>{children}</Greying>
    </section>
  )
}

function Greying({ children, isFlush }: { children: ReactNode; isFlush?: boolean }) {
  const isLost = useExternal(link).state === 'lost'
  return (
    <div
      className={css.paneBody}
      tabIndex={isFlush ? undefined : 0}
      data-flush={isFlush || undefined}
      data-lost={isLost || undefined}
    >
      {children}
    </div>
  )
}

function PopOut({ address, name }: { address: string; name: string }) {
  const open = () => window.open(address, `castellan-${name}`, 'popup,width=960,height=900')
  return (
    <Tooltip label={t('shell.pop_out')}>
      <ActionIcon
        size="sm"
        className={css.popOut}
        aria-label={t('shell.pop_out_of', { name })}
        onClick={open}
      >
        <IconExternalLink size={14} />
      </ActionIcon>
    </Tooltip>
  )
}
