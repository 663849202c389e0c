import { Button, CopyButton } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import type { components } from '../../api/schema'
import { Facts } from '../../parts/Facts'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { useRight } from '../../session/session'
import { count, t } from '../../text'
import { refusalOf } from '../../ui/ActionButton'
import { ProblemNote, Waiting } from '../../ui/Notes'
import { hexLines } from './hex'
import css from './events.module.css'

type RawItem = components['schemas']['RawItem']

/** What the source said, as it came: text, or bytes where it is none. */
export function Raw({ record }: { record: number }) {
  const right = useRight('event.raw')
  const asked = useReading<RawItem>(right.allowed ? `/v1/events/${record}/raw` : undefined)
  const raw = asked.data
  if (!right.allowed) return <p className={css.rawNote}>{refusalOf(right)}</p>
  if (asked.problem) return <ProblemNote error={asked.problem} retry={asked.again} />
  if (!raw) return <Waiting />
  const text = raw.text ?? hexLines(raw.hex ?? '')
  const notes = [
    raw.is_covered && t('events.raw_covered'),
    raw.is_cut && t('events.raw_shown'),
    raw.bytes_cut > 0 && t('events.raw_cut', { count: raw.bytes_cut }),
  ].filter(Boolean)
  return (
    <>
      <Facts
        list={[
          [
            t('events.raw_came'),
            [raw.listener, raw.peer, raw.topic].filter(Boolean).join(' · ').slice(0, 300),
          ],
          [
            t('events.raw_form'),
            `${raw.wire}, ${t('events.raw_bytes', { count: raw.bytes, number: count(raw.bytes) })}`,
          ],
        ]}
      />
      <div className={css.rawBar}>
        <span className={parts.quiet}>{notes.join(' ')}</span>
        <Copy text={text} />
      </div>
      <pre className={css.raw} data-hex={raw.hex !== undefined || undefined} dir="ltr">
        {text}
      </pre>
    </>
  )
}

export function Copy({ text }: { text: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          onClick={copy}
          ms="auto"
          leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
        >
          {copied ? t('events.copied') : t('events.copy')}
        </Button>
      )}
    </CopyButton>
  )
}
