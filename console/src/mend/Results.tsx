import {
  IconCircleCheck,
  IconCircleDashed,
  IconCircleDot,
  IconCircleX,
} from '@tabler/icons-react'
import { memo, useState } from 'react'
import { t } from '../text'
import { Stamp } from '../ui/Stamp'
import css from './mend.module.css'
import { DiffLines } from './Compare'
import {
  isUnderstood,
  resultOf,
  samplesOf,
  type Effect,
  type Letter,
  type Sample,
  type TryResult,
} from './mapping'
import type { Mend } from './useMend'

/** What the change makes of each letter and of what came last: the events, or why there is none. */
export function Results({ mend: { letters, tried, isTrying } }: { mend: Mend }) {
  const [chosen, choose] = useState<number>()
  const samples = samplesOf(tried)
  const at = letters.findIndex((letter) => letter.record === chosen)
  const found = samples.find(({ record }) => record === chosen)
  const letter = letters[at] ?? (found ? undefined : letters[0])
  const sample = letter ? undefined : (found ?? samples[0])
  // Without records the texts have the page to themselves.
  if (!letter && !sample) return null
  return (
    <div className={css.results}>
      <div className={css.letters}>
        {letters.length > 0 && (
          <ul aria-label={t('mend.letters')}>
            {letters.map((one, index) => (
              <li key={one.record}>
                <Line
                  record={one}
                  state={stateOf(resultOf(tried, letters, index))}
                  isChosen={one === letter}
                  choose={() => choose(one.record)}
                />
              </li>
            ))}
          </ul>
        )}
        {samples.length > 0 && (
          <>
            <h3 className={css.lettersHead}>{t('mend.last_records')}</h3>
            <ul aria-label={t('mend.last_records')}>
              {samples.map((one) => (
                <li key={one.record}>
                  <Line
                    record={one}
                    state={one.effect}
                    isChosen={one === sample}
                    choose={() => choose(one.record)}
                  />
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
      {letter && (
        <Outcome
          letter={letter}
          result={resultOf(tried, letters, Math.max(0, at))}
          isTrying={isTrying}
        />
      )}
      {sample && (
        <Effects
          sample={sample}
          result={tried?.results.find(({ record }) => record === sample.record)}
          isTrying={isTrying}
        />
      )}
    </div>
  )
}

type State = 'good' | 'bad' | Effect

const stateOf = (result: TryResult | undefined): State =>
  result === undefined ? 'unknown' : isUnderstood(result) ? 'good' : 'bad'

const ICONS: Record<State, typeof IconCircleX> = {
  good: IconCircleCheck,
  same: IconCircleCheck,
  changed: IconCircleDot,
  bad: IconCircleX,
  lost: IconCircleX,
  unknown: IconCircleDashed,
}

function Line({
  record,
  state,
  isChosen,
  choose,
}: {
  record: { record: number; received_at: string; head?: string | null }
  state: State
  isChosen: boolean
  choose: () => void
}) {
  const Icon = ICONS[state]
  return (
    <button
      type="button"
      className={css.letter}
      aria-pressed={isChosen}
      data-state={state}
      onClick={choose}
    >
      <Icon size={15} aria-hidden />
      <span className="hush">{t(`mend.state_${state}`)}</span>
      <span className="num">
        <Stamp at={record.received_at} />
      </span>
      <bdi className="mono cut">{record.head?.slice(0, 160) ?? record.record}</bdi>
    </button>
  )
}

const Outcome = memo(function Outcome({
  letter,
  result,
  isTrying,
}: {
  letter: Letter
  result: TryResult | undefined
  isTrying: boolean
}) {
  return (
    <div className={css.outcome} aria-busy={isTrying}>
      <section aria-label={t('mend.record')}>
        <h3>
          {t('mend.record')} <span className="num dim">{letter.record}</span>
        </h3>
        <pre tabIndex={0}>{letter.head ?? t('mend.record_hidden')}</pre>
      </section>
      <section aria-label={t('mend.result')}>
        <h3>{t('mend.result')}</h3>
        {!result ? (
          <p className="dim">{t(isTrying ? 'mend.trying' : 'mend.not_tried')}</p>
        ) : result.problem ? (
          <Refused problem={result.problem} />
        ) : (result.events ?? []).length === 0 ? (
          <p className="dim">{t('mend.no_event')}</p>
        ) : (
          <>
            {result.complaints?.map((complaint) => (
              <p key={complaint} className={css.complaint}>
                <bdi>{complaint}</bdi>
              </p>
            ))}
            {(result.events ?? []).map((event, at) => (
              <pre key={at} tabIndex={0}>
                {JSON.stringify(event, null, 2).slice(0, 40_000)}
              </pre>
            ))}
          </>
        )}
      </section>
    </div>
  )
})

function Refused({ problem }: { problem: NonNullable<TryResult['problem']> }) {
  const { position } = problem
  return (
    <p className={css.refused}>
      <span className="mono">{problem.reason}</span> <bdi>{problem.detail}</bdi>
      {position && (
        <span className="dim">
          {' '}
          {t('sources.at', { line: position.line, column: position.column })}
        </span>
      )}
    </p>
  )
}

const inLines = (events: readonly unknown[] | null | undefined): string =>
  (events ?? []).map((event) => JSON.stringify(event, null, 2)).join('\n')

/** What becomes of a record that was understood before: its events, and what differs in them. */
const Effects = memo(function Effects({
  sample,
  result,
  isTrying,
}: {
  sample: Sample & { effect: Effect }
  result: TryResult | undefined
  isTrying: boolean
}) {
  const { effect } = sample
  return (
    <div className={css.outcome} aria-busy={isTrying}>
      <section aria-label={t('mend.record')}>
        <h3>
          {t('mend.record')} <span className="num dim">{sample.record}</span>
        </h3>
        <pre tabIndex={0}>{sample.head ?? t('mend.record_no_text')}</pre>
      </section>
      <section aria-label={t('mend.result')}>
        <h3>
          {t('mend.result')} · {t(`mend.state_${effect}`)}
        </h3>
        {result?.problem && <Refused problem={result.problem} />}
        {result?.complaints?.map((complaint) => (
          <p key={complaint} className={css.complaint}>
            <bdi>{complaint}</bdi>
          </p>
        ))}
        {effect === 'same' || effect === 'unknown' ? (
          <pre tabIndex={0}>{inLines(sample.before).slice(0, 40_000)}</pre>
        ) : (
          <DiffLines shipped={inLines(sample.before)} here={inLines(result?.events)} />
        )}
      </section>
    </div>
  )
})
