import { IconCircleCheckFilled } from '@tabler/icons-react'
import { CameraLink } from '../../camera/CameraLink'
import { useDirectory } from '../../org/organisation'
import { AgoText } from '../../parts/AgoText'
import parts from '../../parts/parts.module.css'
import { Because } from '../../plan/Because'
import { wantsEyes } from '../../plan/condition'
import { DoorWord } from '../../plan/DoorShape'
import { LastPassage } from '../../plan/LastPassage'
import { t } from '../../text'
import { Stamp } from '../../ui/Stamp'
import type { Row } from './doors'
import css from './doors.module.css'

interface Props {
  rows: readonly Row[]
  chosen: string | undefined
  choose: (id: string) => void
}

const SHOWN_MAX = 4

/** Which doors are not as they should be, since when, who was last there, and their camera. */
export function Attention({ rows, chosen, choose }: Props) {
  const directory = useDirectory()
  const grave = rows.filter(({ told }) => wantsEyes(told.state))
  if (grave.length === 0) {
    const heard = rows.filter(({ told }) => told.state !== 'unknown').length
    return (
      <p className={css.calm} role="status">
        <IconCircleCheckFilled size={15} aria-hidden /> {t('doors.all_well', { count: heard })}
      </p>
    )
  }
  return (
    <section className={css.attention} aria-label={t('doors.attention')}>
      <ul>
        {grave.slice(0, SHOWN_MAX).map(({ door: { door }, told }) => (
          <li key={door} data-chosen={door === chosen || undefined}>
            <DoorWord state={told.state} />
            <span className={css.attentionWhat}>
              <button type="button" className={parts.link} onClick={() => choose(door)}>
                <bdi>{directory.nameOf(`place:${door}`)}</bdi>
              </button>
              {told.since && (
                <span className="dim">
                  {' '}
                  <Stamp at={told.since} place={door} /> · <AgoText at={told.since} />
                </span>
              )}
              {told.last && (
                <span className={css.attentionLast}>
                  <LastPassage last={told.last} door={door} /> <Because last={told.last} />
                </span>
              )}
            </span>
            <CameraLink entity={`place:${door}`} at={told.since ?? undefined} />
          </li>
        ))}
      </ul>
      {grave.length > SHOWN_MAX && (
        <p className={css.hint}>{t('doors.attention_more', { count: grave.length - SHOWN_MAX })}</p>
      )}
    </section>
  )
}
