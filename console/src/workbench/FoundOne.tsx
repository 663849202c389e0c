import { UnstyledButton } from '@mantine/core'
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { at, describe, eventKey } from '../event/describe'
import { FindingMark } from '../finding/FindingMark'
import { useEvidenceOf } from '../incident/evidence'
import { useDirectory } from '../org/organisation'
import { Mark } from '../parts/Facts'
import { t } from '../text'
import { EntityLink } from '../ui/EntityLink'
import { Stamp } from '../ui/Stamp'
import type { ReplayFound } from './draft'
import css from './workbench.module.css'

const TONES = { old: 'warn', new: 'accent', both: undefined } as const

/** One finding of a replay: what it says, about whom, and on demand the events behind it. */
export function FoundOne({ one, isCompared }: { one: ReplayFound; isCompared: boolean }) {
  const [isOpen, setOpen] = useState(false)
  const directory = useDirectory()
  const { finding } = one
  const place = finding.entities.find((entity) => entity.startsWith('place:'))?.slice(6)
  return (
    <article className={css.one}>
      <div className={css.oneTop}>
        <Stamp at={finding.time} place={place} />
        <span className="mono faint">{finding.rule}</span>
        {isCompared && (
          <Mark tone={TONES[one.side]}>{t(`detections.side_${one.side}`)}</Mark>
        )}
        {finding.state !== 'confirmed' && <FindingMark state={finding.state} />}
        {one.is_known && <Mark tone="good">{t('detections.known')}</Mark>}
        <UnstyledButton
          className={css.opens}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? <IconChevronDown size={13} /> : <IconChevronRight size={13} />}
          {t('detections.evidence', { count: finding.evidence.length })}
        </UnstyledButton>
      </div>
      <bdi className={css.because}>{directory.inWords(finding.because.slice(0, 600))}</bdi>
      <div className={css.entities}>
        {finding.entities.slice(0, 8).map((entity) => (
          <EntityLink key={entity} entity={entity} />
        ))}
      </div>
      {isOpen && <Behind one={one} />}
    </article>
  )
}

/** The events that a finding rests on, as they were stored. */
function Behind({ one }: { one: ReplayFound }) {
  const { items, missing, isReading } = useEvidenceOf(one.finding.evidence)
  return (
    <div className={css.behind}>
      {isReading && <p className="dim">{t('shell.loading')}</p>}
      {items.map((item) => (
        <details key={eventKey(item)}>
          <summary>
            <Stamp at={item.time} />{' '}
            <span className="dim">{String(at(item.event, 'castellan.source') ?? '')}</span>{' '}
            <bdi>{describe(item.event)}</bdi>{' '}
            <Link
              to={'/events' as never}
              search={{ mode: 'search', event: eventKey(item) } as never}
            >
              {t('detections.open_event')}
            </Link>
          </summary>
          <pre tabIndex={0}>{JSON.stringify(item.event, null, 2).slice(0, 20_000)}</pre>
        </details>
      ))}
      {missing > 0 && <p className="faint">{t('detections.evidence_gone', { count: missing })}</p>}
    </div>
  )
}
