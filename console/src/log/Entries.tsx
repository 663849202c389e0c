import { ActionIcon, Tooltip, UnstyledButton } from '@mantine/core'
import {
  IconClipboardText,
  IconFlask,
  IconFirstAidKit,
  IconKey,
  IconNote,
  IconPackage,
  IconPencil,
  IconTool,
  IconUserCheck,
  IconWalk,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { memo, type ReactNode } from 'react'
import { useDirectory } from '../org/organisation'
import { t, word } from '../text'
import { EntityLink } from '../ui/EntityLink'
import { Stamp } from '../ui/Stamp'
import css from './log.module.css'
import type { Day, Kind, Occurrence } from './occurrences'

const ICONS: Record<Kind, ReactNode> = {
  note: <IconNote size={15} aria-hidden />,
  patrol: <IconWalk size={15} aria-hidden />,
  visitor: <IconUserCheck size={15} aria-hidden />,
  delivery: <IconPackage size={15} aria-hidden />,
  keys: <IconKey size={15} aria-hidden />,
  fault: <IconTool size={15} aria-hidden />,
  medical: <IconFirstAidKit size={15} aria-hidden />,
  test: <IconFlask size={15} aria-hidden />,
  other: <IconClipboardText size={15} aria-hidden />,
}

const idOf = (id: string) => `occurrence-${id}`

/** Goes to another entry and rests there for a moment. */
function goTo(id: string): void {
  const line = document.getElementById(idOf(id))
  line?.scrollIntoView({ block: 'nearest' })
  line?.focus()
}

interface Props {
  days: readonly Day[]
  corrections: ReadonlyMap<string, Occurrence>
  byId: ReadonlyMap<string, Occurrence>
  /** Absent where this operator may not write. */
  correct: ((entry: Occurrence) => void) | undefined
}

/** The log, day by day. */
export const Entries = memo(function Entries({ days, corrections, byId, correct }: Props) {
  return (
    <>
      {days.map(({ day, entries }) => (
        <section key={day} aria-label={day}>
          <h3 className={css.day}>
            {day}
            <span className="faint num">{t('log.entries', { count: entries.length })}</span>
          </h3>
          <ul className={css.entries}>
            {entries.map((entry) => (
              <Entry
                key={entry.id}
                entry={entry}
                by={corrections.get(entry.id)}
                original={entry.corrects ? (byId.get(entry.corrects) ?? null) : undefined}
                correct={correct}
              />
            ))}
          </ul>
        </section>
      ))}
    </>
  )
})

interface EntryProps {
  entry: Occurrence
  /** What corrects it. */
  by: Occurrence | undefined
  /** What it corrects; null where that is not at hand. */
  original: Occurrence | null | undefined
  correct: Props['correct']
}

/** Written down so much later than it happened that it should be said. */
const LATE_MS = 300_000

const Entry = memo(function Entry({ entry, by, original, correct }: EntryProps) {
  const directory = useDirectory()
  const place = entry.place ?? entry.site
  const isLate = Date.parse(entry.recorded_at) - Date.parse(entry.at) > LATE_MS
  return (
    <li
      className={css.entry}
      id={idOf(entry.id)}
      tabIndex={-1}
      data-corrected={by ? true : undefined}
    >
      <span className={css.time}>
        <Stamp at={entry.at} place={place} withSeconds={false} isTimeOnly />
      </span>
      <span className={css.kind}>
        {ICONS[entry.kind]} {word('log', 'kind', entry.kind)}
      </span>
      <div className={css.body}>
        {by ? (
          <del className={css.text} dir="auto">
            {entry.text}
          </del>
        ) : (
          <bdi className={css.text}>{entry.text}</bdi>
        )}
        <div className={css.about}>
          {place && <EntityLink entity={`place:${place}`} />}
          <span className="faint">
            {entry.number !== undefined && <span className="num">#{entry.number} · </span>}
            <bdi>{directory.operatorName(entry.by)}</bdi>
            {isLate && (
              <>
                {' '}
                · {t('log.written_at')}{' '}
                <Stamp at={entry.recorded_at} place={place} withSeconds={false} />
              </>
            )}
          </span>
          {entry.incident && (
            <Link to="/incidents" search={{ i: entry.incident } as never}>
              {t('incidents.incident')}
            </Link>
          )}
          {original !== undefined && (
            <UnstyledButton
              className={css.link}
              disabled={!original}
              onClick={() => original && goTo(original.id)}
            >
              {t('log.corrects')}{' '}
              {original && <Stamp at={original.at} place={place} withSeconds={false} />}
            </UnstyledButton>
          )}
          {by && (
            <UnstyledButton className={css.link} onClick={() => goTo(by.id)}>
              {t('log.corrected')} <Stamp at={by.recorded_at} place={place} withSeconds={false} />
            </UnstyledButton>
          )}
        </div>
      </div>
      {correct && !by && (
        <Tooltip label={t('log.correct')}>
          <ActionIcon
            size="sm"
            className={css.correct}
            aria-label={`${t('log.correct')}: ${entry.text.slice(0, 60)}`}
            onClick={() => correct(entry)}
          >
            <IconPencil size={14} />
          </ActionIcon>
        </Tooltip>
      )}
    </li>
  )
})
