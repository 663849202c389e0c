import { Button, Checkbox, Progress, Select } from '@mantine/core'
import { IconHistory, IconPlayerStop } from '@tabler/icons-react'
import { useState } from 'react'
import { asProblem } from '../api/problem'
import { useDirectory } from '../org/organisation'
import { useReading } from '../parts/reading'
import { useRight } from '../session/session'
import { t } from '../text'
import { ticking } from '../time/clock'
import { zoneName } from '../time/format'
import { momentOf } from '../time/zoned'
import { ActionButton } from '../ui/ActionButton'
import { useUrl } from '../url'
import { doneOf, endReplay, startReplay, type Replay } from './draft'
import { ReplayResult } from './ReplayResult'
import type { Draft } from './useDraft'
import css from './workbench.module.css'

const HOUR_MS = 3_600_000
const STRETCHES = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 168 * HOUR_MS, month: 720 * HOUR_MS }
type StretchName = keyof typeof STRETCHES | 'own'

/** How long ago, as the server reads it; the console's clock follows the server's. */
const ago = (ms: number): string => new Date(ticking.get() - ms).toISOString()

/** A replay by its id, asked for again while it runs. */
export function useReplay(id: string | undefined) {
  const path = id && `/v1/replays/${id}`
  const [isOver, setOver] = useState<string>()
  const asked = useReading<Replay>(path, {}, { every_ms: isOver === id ? undefined : 700 })
  if (asked.data && asked.data.state !== 'running' && isOver !== id) setOver(id)
  return asked
}

/** What the draft would have said: which stretch, how far it is, and what it came to. */
export function ReplayPanel({ draft }: { draft: Draft }) {
  const [url, setUrl] = useUrl()
  const directory = useDirectory()
  const may = useRight('rule.try')
  // What the results below are of: a saved draft comes back under its own name.
  const [stretch, setStretch] = useState<StretchName>(() =>
    url.stretch && url.stretch in STRETCHES ? (url.stretch as StretchName) : 'day',
  )
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const zone = directory.zoneOf(undefined)
  const at = (wall: string) => (wall ? new Date(momentOf(wall, zone)).toISOString() : undefined)
  const [site, setSite] = useState<string | null>(null)
  const [compares, setCompares] = useState(true)
  const [refusal, setRefusal] = useState<string>()
  const replay = useReplay(url.run)
  const isRunning = replay.data?.state === 'running'
  const start = async () => {
    setRefusal(undefined)
    try {
      const begun = await startReplay({
        // What stands as it is in force is replayed as such: what it finds can be taken over.
        ...(draft.isChanged ? { files: draft.files } : { rules: [draft.rule!.id] }),
        from: stretch === 'own' ? (at(from) ?? ago(STRETCHES.day)) : ago(STRETCHES[stretch]),
        to: stretch === 'own' ? at(to) : undefined,
        site: site ?? undefined,
        compare: compares && draft.isChanged && draft.rule !== undefined,
      })
      setUrl({ run: begun.id, stretch })
    } catch (thrown) {
      setRefusal(asProblem(thrown).detail)
    }
  }
  const stop = async () => {
    try {
      await endReplay(url.run!)
    } catch (thrown) {
      setRefusal(asProblem(thrown).detail)
    }
    replay.again()
  }
  return (
    <section className={css.replay} aria-label={t('detections.replay')}>
      <form
        className={css.ask}
        onSubmit={(event) => {
          event.preventDefault()
          if (!isRunning && may.allowed) void start()
        }}
      >
        <h3>{t('detections.replay')}</h3>
        <Select
          size="xs"
          aria-label={t('detections.stretch')}
          value={stretch}
          onChange={(name) => setStretch((name as StretchName | null) ?? 'day')}
          data={([...Object.keys(STRETCHES), 'own'] as StretchName[]).map((value) => ({
            value,
            label: t(`detections.stretch_${value}`),
          }))}
          allowDeselect={false}
        />
        {stretch === 'own' && (
          <>
            <label className={css.moment}>
              {t('detections.from')} ({zoneName(ticking.get(), zone)})
              <input
                type="datetime-local"
                required
                value={from}
                onChange={(e) => setFrom(e.target.value)}
              />
            </label>
            <label className={css.moment}>
              {t('detections.to')}
              <input type="datetime-local" value={to} onChange={(e) => setTo(e.target.value)} />
            </label>
          </>
        )}
        <Select
          size="xs"
          aria-label={t('detections.site')}
          placeholder={t('detections.all_sites')}
          value={site}
          onChange={setSite}
          data={directory.organisation.sites.map((id) => ({
            value: id,
            label: directory.siteName(id),
          }))}
          clearable
        />
        {draft.rule && (
          <Checkbox
            size="xs"
            label={t('detections.compare')}
            checked={compares && draft.isChanged}
            disabled={!draft.isChanged}
            onChange={(event) => setCompares(event.currentTarget.checked)}
          />
        )}
        {isRunning ? (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconPlayerStop size={14} />}
            onClick={() => void stop()}
          >
            {t('detections.stop')}
          </Button>
        ) : (
          <ActionButton
            size="compact-sm"
            offer={may}
            leftSection={<IconHistory size={14} />}
            onPress={() => void start()}
          >
            {t('detections.run')}
          </ActionButton>
        )}
      </form>
      {refusal && (
        <p className={css.bad} role="alert">
          {refusal}
        </p>
      )}
      {url.run && <Outcome id={url.run} asked={replay} />}
    </section>
  )
}

/** How far a replay is, or what it came to. */
export function Outcome({ id, asked }: { id: string; asked: ReturnType<typeof useReplay> }) {
  const replay = asked.data
  if (asked.problem) return <p className={css.bad}>{asked.problem.detail}</p>
  if (!replay) return <p className="dim">{t('shell.loading')}</p>
  if (replay.state === 'running') return <Running replay={replay} />
  if (replay.state === 'stopped') return <p role="status">{t('detections.stopped')}</p>
  if (!replay.report) return <p className={css.bad}>{replay.why ?? t('detections.failed')}</p>
  return <ReplayResult key={id} replay={replay} report={replay.report} />
}

function Running({ replay }: { replay: Replay }) {
  const { pace } = replay
  const done = doneOf(pace)
  return (
    <div className={css.running} role="status">
      <Progress value={done} aria-label={t('detections.progress')} />
      <span className="num dim">
        {t('detections.pace', {
          done,
          read: pace.read,
          rate: Math.round(pace.events_per_s),
          left: pace.remaining_s ?? 0,
        })}
      </span>
    </div>
  )
}
