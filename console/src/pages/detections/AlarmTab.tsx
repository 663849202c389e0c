import { IconAlertOctagon, IconAlertTriangle, IconBolt, IconCircleCheck } from '@tabler/icons-react'
import { useState } from 'react'
import { asProblem } from '../../api/problem'
import { useDirectory } from '../../org/organisation'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { Answered } from '../../parts/Table'
import { useRight } from '../../session/session'
import { count, t, word } from '../../text'
import { ticking } from '../../time/clock'
import { ActionButton } from '../../ui/ActionButton'
import { Stamp } from '../../ui/Stamp'
import { useUrl } from '../../url'
import { startReplay, type AlarmRates } from '../../workbench/draft'
import { ExceptDialog } from './ExceptDialog'
import css from './detections.module.css'

type Window = AlarmRates['windows'][number]

const ICONS = {
  calm: IconCircleCheck,
  busy: IconAlertTriangle,
  over: IconAlertOctagon,
  flood: IconBolt,
} as const
const TONES: Record<string, string> = { calm: 'good', busy: 'warn', over: 'bad', flood: 'bad' }
const DAYS_7_MS = 7 * 86_400_000
/** How long each window is once the server has run for so long. */
const SPAN_MS: Record<string, number> = {
  ten_minutes: 600_000,
  shift: 8 * 3_600_000,
  week: DAYS_7_MS,
}
const YOUNG_MS = 5_000

/** With one decimal, or more where it is small. */
const rate = (value: number): string =>
  value === 0 ? '0' : value < 0.1 ? value.toFixed(3) : value.toFixed(1)

/** How often people are alarmed, against what one can answer; and by which rules. */
export function AlarmTab() {
  const asked = useReading<AlarmRates>('/v1/alarm-rates', {}, { every_ms: 15_000 })
  return (
    <div className={css.scrolls} tabIndex={0} role="group" aria-label={t('detections.tab_alarms')}>
      <p className={`${css.explain} dim`}>{t('detections.alarm_text')}</p>
      <Answered asked={asked}>
        {(rates) => (
          <>
            <div className={css.meters}>
              {rates.windows.map((one) => (
                <Meter key={one.name} window={one} operators={rates.operators} now={rates.now} />
              ))}
            </div>
            <Noisy window={rates.windows.at(-1)} />
            <Owners window={rates.windows.at(-1)} />
          </>
        )}
      </Answered>
    </div>
  )
}

/** A meter in a word, a shape, a colour and a length. */
function Meter({
  window: one,
  operators,
  now,
}: {
  window: Window
  operators: number
  now: string
}) {
  const isYoung = Date.parse(now) - Date.parse(one.from) < (SPAN_MS[one.name] ?? 0) - YOUNG_MS
  const Icon = ICONS[one.load as keyof typeof ICONS] ?? IconAlertTriangle
  const filled = Math.min(100, (one.per_operator / 3) * 100)
  return (
    <section
      className={css.meter}
      data-tone={TONES[one.load]}
      aria-label={word('detections', 'window', one.name)}
    >
      <h3>{word('detections', 'window', one.name)}</h3>
      <p className={css.load}>
        <Icon size={18} aria-hidden /> {word('detections', 'load', one.load)}
      </p>
      <div
        className={css.scale}
        role="meter"
        aria-label={t('detections.per_operator')}
        aria-valuemin={0}
        aria-valuemax={3}
        aria-valuenow={Math.min(3, Number(one.per_operator.toFixed(2)))}
      >
        <i style={{ width: `${filled}%` }} />
        <b style={{ left: '33.3%' }} title={t('detections.target')} />
      </div>
      <p className="num">
        {t('detections.rate', { rate: rate(one.per_operator), count: Math.max(1, operators) })}
      </p>
      <p className="num dim">
        {isYoung && (
          <>
            {t('detections.only_since')} <Stamp at={one.from} withSeconds={false} /> ·{' '}
          </>
        )}
        {t('detections.alarms', { count: one.alarms })} ·{' '}
        {t('detections.peak_of', { peak: one.peak })}
        {one.spans > 1 &&
          ` · ${t('detections.over_of', { over: one.spans_over, spans: one.spans })}`}
      </p>
    </section>
  )
}

function Noisy({ window: one }: { window: Window | undefined }) {
  const [, setUrl] = useUrl()
  const [excepts, setExcepts] = useState<string>()
  const [refusal, setRefusal] = useState<string>()
  const mayTry = useRight('rule.try')
  const mayEdit = useRight('rule.edit')
  const list = one?.rules ?? []
  if (list.length === 0) return <p className={parts.quiet}>{t('detections.no_alarms')}</p>
  const replay = async (rule: string) => {
    try {
      const from = new Date(ticking.get() - DAYS_7_MS).toISOString()
      const begun = await startReplay({ rules: [rule], from })
      setUrl({ draft: rule, run: begun.id }, true)
    } catch (thrown) {
      setRefusal(asProblem(thrown).detail)
    }
  }
  return (
    <section aria-label={t('detections.noisiest')} className={css.noisy}>
      <h3>{t('detections.noisiest')}</h3>
      {refusal && <p role="alert">{refusal}</p>}
      <table className={parts.table}>
        <thead>
          <tr>
            <th scope="col">{t('detections.rule')}</th>
            <th scope="col" data-end>
              {t('detections.alarms_head')}
            </th>
            <th scope="col" data-end>
              {t('detections.findings')}
            </th>
            <th scope="col" data-end>
              {t('detections.per_span')}
            </th>
            <th scope="col" data-end>
              {t('detections.peak')}
            </th>
            <th scope="col">
              <span className="hush">{t('detections.acts')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map((rule) => (
            <tr key={rule.rule ?? ''}>
              <td>
                {rule.rule ? (
                  <button
                    type="button"
                    className={parts.link}
                    onClick={() => setUrl({ tab: undefined, id: rule.rule! }, true)}
                  >
                    <bdi>{rule.title ?? rule.rule}</bdi>
                  </button>
                ) : (
                  <span className="dim">{t('detections.by_hand')}</span>
                )}
              </td>
              <td data-end className="num">
                {count(rule.alarms)}
              </td>
              <td data-end className="num">
                {rule.findings == null ? '–' : count(rule.findings)}
              </td>
              <td data-end className="num">
                {rate(rule.per_span)}
              </td>
              <td data-end className="num">
                {count(rule.peak)}
              </td>
              <td>
                {rule.rule && rule.title && (
                  <span className={css.rowActs}>
                    <ActionButton
                      size="compact-xs"
                      variant="default"
                      offer={mayTry}
                      onPress={() => void replay(rule.rule!)}
                    >
                      {t('detections.replay')}
                    </ActionButton>
                    <ActionButton
                      size="compact-xs"
                      variant="default"
                      offer={mayEdit}
                      onPress={() => setExcepts(rule.rule!)}
                    >
                      {t('detections.except')}
                    </ActionButton>
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {excepts && <ExceptDialog rule={excepts} close={() => setExcepts(undefined)} />}
    </section>
  )
}

function Owners({ window: one }: { window: Window | undefined }) {
  const directory = useDirectory()
  const list = one?.owners ?? []
  if (list.length === 0) return null
  return (
    <section aria-label={t('detections.owners')} className={css.noisy}>
      <h3>{t('detections.owners')}</h3>
      <ul className={css.ownerList}>
        {list.slice(0, 20).map((owner) => (
          <li key={owner.owner}>
            <bdi>{directory.nameOf(owner.owner)}</bdi>{' '}
            <span className="num dim">
              {t('detections.alarms', { count: owner.alarms })} ·{' '}
              {t('detections.peak_of', { peak: owner.peak })}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

