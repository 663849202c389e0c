import { IconCircleCheck, IconCircleX, IconCircleDashed } from '@tabler/icons-react'
import { memo, useState } from 'react'
import { t } from '../text'
import { Stamp } from '../ui/Stamp'
import css from './mend.module.css'
import { isUnderstood, resultOf, type Letter, type Tried, type TryResult } from './mapping'

interface Props {
  letters: readonly Letter[]
  tried: Tried | undefined
  isTrying: boolean
}

/** What the change makes of each letter: the events, or why there is still none. */
export function Results({ letters, tried, isTrying }: Props) {
  const [chosen, choose] = useState<number>()
  const at = Math.max(
    0,
    letters.findIndex((letter) => letter.record === chosen),
  )
  const letter = letters[at]
  // Without letters the texts have the page to themselves.
  if (!letter) return null
  return (
    <div className={css.results}>
      <ul className={css.letters} aria-label={t('mend.letters')}>
        {letters.map((one, index) => (
          <li key={one.record}>
            <Line
              letter={one}
              result={resultOf(tried, letters, index)}
              isChosen={index === at}
              choose={() => choose(one.record)}
            />
          </li>
        ))}
      </ul>
      <Outcome letter={letter} result={resultOf(tried, letters, at)} isTrying={isTrying} />
    </div>
  )
}

function Line({
  letter,
  result,
  isChosen,
  choose,
}: {
  letter: Letter
  result: TryResult | undefined
  isChosen: boolean
  choose: () => void
}) {
  const state = result === undefined ? 'unknown' : isUnderstood(result) ? 'good' : 'bad'
  return (
    <button
      type="button"
      className={css.letter}
      aria-pressed={isChosen}
      data-state={state}
      onClick={choose}
    >
      {state === 'good' ? (
        <IconCircleCheck size={15} aria-hidden />
      ) : state === 'bad' ? (
        <IconCircleX size={15} aria-hidden />
      ) : (
        <IconCircleDashed size={15} aria-hidden />
      )}
      <span className="hush">{t(`mend.state_${state}`)}</span>
      <span className="num">
        <Stamp at={letter.received_at} />
      </span>
      <bdi className="mono cut">{letter.head?.slice(0, 160) ?? letter.record}</bdi>
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
  const position = result?.problem?.position
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
          <p className={css.refused}>
            <span className="mono">{result.problem.reason}</span> <bdi>{result.problem.detail}</bdi>
            {position && (
              <span className="dim">
                {' '}
                {t('sources.at', { line: position.line, column: position.column })}
              </span>
            )}
          </p>
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
