import { Button, SegmentedControl } from '@mantine/core'
import { lazy, Suspense, useMemo, useState } from 'react'
import type { Level } from '../api/types'
import { useDirectory } from '../org/organisation'
import { Mark, Tile } from '../parts/Facts'
import parts from '../parts/parts.module.css'
import { ReasonDialog } from '../parts/ReasonDialog'
import { useReading } from '../parts/reading'
import { useRight } from '../session/session'
import { count, t } from '../text'
import { msOf } from '../time/format'
import { ActionButton } from '../ui/ActionButton'
import { EntityLink } from '../ui/EntityLink'
import { Severity } from '../ui/Severity'
import { Stamp } from '../ui/Stamp'
import { settleReplay, type Replay, type ReplayFound, type ReplayReport } from './draft'
import { FoundOne } from './FoundOne'
import css from './workbench.module.css'

const Plot = lazy(() => import('../parts/Plot').then(({ Plot }) => ({ default: Plot })))

/** Findings of one page. */
const PAGE = 50

/** What a replay came to: how much, when, by which rules, about whom, and each finding. */
export function ReplayResult({ replay, report }: { replay: Replay; report: ReplayReport }) {
  return (
    <>
      <div className={css.tiles}>
        <Tile
          name={t('detections.findings')}
          value={`${count(report.findings)}${report.is_cut ? '+' : ''}`}
          hint={t('detections.of_events', { count: report.events })}
        />
        <Tile
          name={t('detections.peak')}
          value={count(report.peak)}
          tone={report.peak > 1 ? 'warn' : 'good'}
          hint={t('detections.peak_hint')}
        />
        <Tile
          name={t('detections.spans_over')}
          value={count(report.spans_over)}
          tone={report.spans_over > 0 ? 'warn' : 'good'}
        />
        <Tile
          name={t('detections.speed')}
          value={t('detections.per_second', { count: Math.round(report.events_per_s) })}
        />
      </div>
      <Known report={report} />
      <Days report={report} />
      <RulesOf report={report} />
      {report.top.length > 0 && (
        <div className={css.top}>
          <h4>{t('detections.about')}</h4>
          <ul>
            {report.top.map((one) => (
              <li key={one.entity}>
                <EntityLink entity={one.entity} /> <span className="num dim">{one.findings}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      <FindingsOf replay={replay} report={report} />
    </>
  )
}

/** What was known when the stretch began, and what stays open at its end. */
function Known({ report }: { report: ReplayReport }) {
  const { warmth } = report
  const excepted = Object.entries(report.excepted)
  return (
    <div className={css.known}>
      <p>
        {warmth.people_seen === 0
          ? t('detections.warm_none')
          : t('detections.warm', { seen: warmth.people_seen, people: warmth.people })}{' '}
        {t('detections.warm_from')} <Stamp at={warmth.from} />
        {warmth.first_event && msOf(warmth.first_event) > msOf(warmth.from) && (
          <>
            {' · '}
            {t('detections.no_earlier')} <Stamp at={warmth.first_event} />
          </>
        )}
      </p>
      {report.provisional > 0 && (
        <p>{t('detections.still_provisional', { count: report.provisional })}</p>
      )}
      {report.undecided_yet > 0 && (
        <p>{t('detections.still_open', { count: report.undecided_yet })}</p>
      )}
      {report.closed_early > 0 && (
        <p className={css.bad}>{t('detections.closed_early', { count: report.closed_early })}</p>
      )}
      {report.unreadable > 0 && (
        <p className={css.bad}>{t('detections.unreadable', { count: report.unreadable })}</p>
      )}
      {report.is_cut && <p className={css.bad}>{t('detections.cut')}</p>}
      {excepted.map(([id, kept]) => (
        <p key={id}>{t('detections.excepted', { count: kept, id })}</p>
      ))}
    </div>
  )
}

function Days({ report }: { report: ReplayReport }) {
  const zone = useDirectory().zoneOf(undefined)
  const { days } = report
  const times = useMemo(() => days.map(({ day }) => msOf(`${day}T00:00:00Z`) / 1_000), [days])
  const values = useMemo(() => days.map(({ findings }) => findings), [days])
  const busiest = days.reduce((most, one) => (one.findings > most.findings ? one : most), days[0]!)
  // One day, or none with a finding, tells nothing that does not stand above.
  if (days.length < 2 || !busiest || busiest.findings === 0) return null
  const label = t('detections.per_day', {
    count: days.length,
    day: busiest.day,
    most: busiest.findings,
  })
  return (
    <div className={css.days}>
      <p className="dim">
        {label} <span className="faint">({zone})</span>
      </p>
      <Suspense fallback={null}>
        <Plot times={times} values={values} zone="UTC" kind="bars" height={110} label={label} />
      </Suspense>
    </div>
  )
}

function RulesOf({ report }: { report: ReplayReport }) {
  const isCompared = report.rules.some((rule) => rule.both != null)
  return (
    <table className={`${parts.table} ${css.rules}`}>
      <thead>
        <tr>
          <th scope="col">{t('detections.rule')}</th>
          <th scope="col">{t('incidents.level')}</th>
          <th scope="col" data-end>
            {t('detections.findings')}
          </th>
          {isCompared && (
            <>
              <th scope="col" data-end>
                {t('detections.side_both')}
              </th>
              <th scope="col" data-end>
                {t('detections.side_new')}
              </th>
              <th scope="col" data-end>
                {t('detections.side_old')}
              </th>
            </>
          )}
          <th scope="col" data-end>
            {t('detections.peak')}
          </th>
          <th scope="col" data-end>
            {t('detections.undecided')}
          </th>
        </tr>
      </thead>
      <tbody>
        {report.rules.slice(0, 100).map((rule) => (
          <tr key={rule.rule}>
            <td>
              <bdi>{rule.title}</bdi> <span className="mono faint">{rule.rule}</span>
            </td>
            <td>
              <Severity level={rule.level as Level} />
            </td>
            <td data-end className="num">
              {count(rule.findings)}
            </td>
            {isCompared && (
              <>
                <td data-end className="num">
                  {count(rule.both ?? 0)}
                </td>
                <td data-end className="num">
                  {count(rule.only_new ?? 0)}
                </td>
                <td data-end className="num">
                  {count(rule.only_old ?? 0)}
                </td>
              </>
            )}
            <td data-end className="num">
              {count(rule.peak)}
            </td>
            <td data-end className="num" title={rule.why_undecided.join('\n')}>
              {count(rule.undecided)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

type Shown = 'all' | 'old' | 'new' | 'both'

function FindingsOf({ replay, report }: { replay: Replay; report: ReplayReport }) {
  const [shown, setShown] = useState<Shown>('all')
  const [after, setAfter] = useState(0)
  const [settles, setSettles] = useState(false)
  const isCompared = report.rules.some((rule) => rule.both != null)
  const asked = useReading<{ findings: ReplayFound[]; next?: number | null }>(
    `/v1/replays/${replay.id}/findings`,
    { side: shown === 'all' ? undefined : shown, after, limit: PAGE },
    { keep: true },
  )
  const list = asked.data?.findings ?? []
  const fresh = list.filter((one) => !one.is_known && one.finding.state === 'confirmed')
  return (
    <section className={css.found} aria-label={t('detections.samples')}>
      <div className={css.foundHead}>
        <h4>{t('detections.samples')}</h4>
        {isCompared && (
          <SegmentedControl
            size="xs"
            value={shown}
            onChange={(side) => {
              setShown(side as Shown)
              setAfter(0)
            }}
            data={(['all', 'both', 'new', 'old'] as const).map((value) => ({
              value,
              label: t(`detections.side_${value}`),
            }))}
          />
        )}
        {!replay.is_draft && (
          <Settle replay={replay} fresh={fresh} open={() => setSettles(true)} />
        )}
      </div>
      {asked.problem && <p className={css.bad}>{asked.problem.detail}</p>}
      {asked.data && list.length === 0 && (
        <p className={parts.quiet}>{t('detections.found_nothing')}</p>
      )}
      {list.map((one) => (
        <FoundOne key={`${one.side}${one.finding.finding}`} one={one} isCompared={isCompared} />
      ))}
      <div className={css.pages}>
        {after > 0 && (
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => setAfter(Math.max(0, after - PAGE))}
          >
            {t('detections.earlier_page')}
          </Button>
        )}
        {asked.data?.next != null && (
          <Button size="compact-xs" variant="default" onClick={() => setAfter(asked.data!.next!)}>
            {t('detections.later_page')}
          </Button>
        )}
      </div>
      {settles && (
        <SettleDialog
          replay={replay}
          fresh={fresh}
          close={() => setSettles(false)}
          done={asked.again}
        />
      )}
    </section>
  )
}

/** What is of the rules in force can become findings, by somebody's word. */
function Settle({
  replay,
  fresh,
  open,
}: {
  replay: Replay
  fresh: readonly ReplayFound[]
  open: () => void
}) {
  const may = useRight('incident.operate')
  if (replay.settled_at) {
    return <Mark tone="good">{t('detections.settled', { by: replay.settled_by ?? '' })}</Mark>
  }
  if (fresh.length === 0 && !replay.late_of) return null
  return (
    <ActionButton size="compact-xs" variant="default" offer={may} onPress={open}>
      {t(fresh.length > 0 ? 'detections.adopt' : 'detections.dismiss', { count: fresh.length })}
    </ActionButton>
  )
}

function SettleDialog({
  replay,
  fresh,
  close,
  done,
}: {
  replay: Replay
  fresh: readonly ReplayFound[]
  close: () => void
  done: () => void
}) {
  const [dismisses, setDismisses] = useState(fresh.length === 0)
  const run = async (reason: string) => {
    const ids = dismisses ? [] : fresh.map((one) => one.finding.finding)
    const { adopted, late_hours } = await settleReplay(replay.id, ids, reason)
    done()
    return t('detections.settle_done', { adopted: adopted.length, hours: late_hours })
  }
  return (
    <ReasonDialog
      title={t('detections.settle')}
      label={t(dismisses ? 'detections.dismiss' : 'detections.adopt', { count: fresh.length })}
      close={close}
      run={run}
      isHarmless
    >
      {fresh.length > 0 && (
        <SegmentedControl
          fullWidth
          value={dismisses ? 'dismiss' : 'adopt'}
          onChange={(value) => setDismisses(value === 'dismiss')}
          data={[
            { value: 'adopt', label: t('detections.adopt', { count: fresh.length }) },
            { value: 'dismiss', label: t('detections.dismiss') },
          ]}
        />
      )}
      <p>{t(dismisses ? 'detections.dismiss_text' : 'detections.adopt_text')}</p>
    </ReasonDialog>
  )
}
