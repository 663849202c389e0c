import { Tooltip } from '@mantine/core'
import { IconUserQuestion } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useRight } from '../../session/session'
import { t } from '../../text'
import { refusalOf } from '../../ui/ActionButton'
import ui from '../../ui/ui.module.css'
import { askAbout, type Moment } from './moments'

interface Props {
  moments: readonly Moment[]
  className?: string
}

/** The way to ask who could have been there; whoever may not ask is told why here, not after. */
export function WhoCould({ moments, className = '' }: Props) {
  const refusal = refusalOf(useRight('whereabouts.ask'))
  const inside = (
    <>
      <IconUserQuestion size={15} aria-hidden /> {t('whereabouts.title')}
    </>
  )
  if (refusal) {
    return (
      <Tooltip label={refusal} multiline maw={320}>
        <span
          className={`${className} ${ui.refused}`}
          role="link"
          aria-disabled
          tabIndex={0}
          aria-label={`${t('whereabouts.title')}: ${refusal}`}
        >
          {inside}
        </span>
      </Tooltip>
    )
  }
  return (
    <Link
      to={'/whereabouts' as never}
      search={askAbout(moments) as never}
      className={`${className} ${ui.goes}`}
    >
      {inside}
    </Link>
  )
}
