import { Link } from '@tanstack/react-router'
import type { Level } from '../../api/types'
import { FindingMark } from '../../finding/FindingMark'
import css from '../../finding/finding.module.css'
import { useDirectory } from '../../org/organisation'
import { Part } from '../../parts/Facts'
import { useReading } from '../../parts/reading'
import { t, word } from '../../text'
import { EntityLink } from '../../ui/EntityLink'
import { EmptyNote, ProblemNote, Waiting } from '../../ui/Notes'
import { Pane } from '../../ui/Pane'
import { Severity } from '../../ui/Severity'
import { Stamp } from '../../ui/Stamp'
import { useUrl } from '../../url'
import { Steps } from './Steps'
import { Standing } from './Standing'
import { unknownOf, type WhyAnswer } from './why'

const EVERY_MS = 15_000

/** One finding as a guard reads it: a sentence, what happened, and what nobody knows. */
export default function FindingPage() {
  const [url] = useUrl()
  const path = url.id && `/v1/findings/${encodeURIComponent(url.id)}/why`
  const asked = useReading<WhyAnswer>(path, {}, { every_ms: EVERY_MS })
  const answer = asked.data
  return (
    <Pane
      title={answer ? <bdi>{answer.finding.title.slice(0, 200)}</bdi> : t('findings.one')}
      label={t('findings.one')}
      readAt={asked.readAt}
      head={answer && <Severity level={answer.finding.level as Level} />}
    >
      {!url.id ? (
        <EmptyNote title={t('findings.none')} />
      ) : asked.problem ? (
        <ProblemNote error={asked.problem} retry={asked.again} />
      ) : !answer ? (
        <Waiting />
      ) : (
        <Told answer={answer} />
      )}
    </Pane>
  )
}

function Told({ answer }: { answer: WhyAnswer }) {
  const directory = useDirectory()
  const { finding } = answer
  const place = finding.entities.find((entity) => entity.startsWith('place:'))?.slice(6)
  const unknown = unknownOf(answer)
  return (
    <>
      <p className={css.sentence}>
        <bdi>{directory.inWords(finding.because, finding.entities)}</bdi>
      </p>
      <p className={css.state}>
        <FindingMark state={finding.state} />
        <span className="dim">
          {word('findings', 'means', finding.state)}
          {answer.settles_at && (
            <>
              {' '}
              {t('findings.until')} <Stamp at={answer.settles_at} place={place} withSeconds={false} />
              {t('findings.until_why')}
            </>
          )}
        </span>
      </p>
      <div className={css.grid}>
        <div>
          <Part title={t('findings.happened')}>
            <Steps answer={answer} place={place} />
          </Part>
          {answer.rule && (
            <Part title={t('findings.joined')}>
              <Standing told={answer.rule} />
            </Part>
          )}
        </div>
        <div>
          <Part title={t('findings.unknown')}>
            {unknown.length === 0 ? (
              <p className="dim">{t('findings.unknown_none')}</p>
            ) : (
              <ul className={css.unknown}>
                {unknown.map((line) => (
                  <li key={line}>
                    <bdi>{line}</bdi>
                  </li>
                ))}
              </ul>
            )}
          </Part>
          <Part title={t('findings.about')}>
            <div className={css.links}>
              {finding.entities.map((entity) => (
                <EntityLink key={entity} entity={entity} />
              ))}
            </div>
          </Part>
          <Part title={t('findings.belongs')}>
            <Belongs answer={answer} />
          </Part>
        </div>
      </div>
    </>
  )
}

/** Its incidents, its rule, and the findings that it takes the place of. */
function Belongs({ answer }: { answer: WhyAnswer }) {
  const { finding, incidents } = answer
  return (
    <div className={css.links}>
      {incidents.map((id) => (
        <Link key={id} to={'/incidents' as never} search={{ i: id } as never}>
          {t('findings.incident')} <span className="mono">{id}</span>
        </Link>
      ))}
      <Link to={'/detections' as never} search={{ id: finding.rule } as never}>
        {t('findings.rule')} <span className="mono">{finding.rule}</span>
      </Link>
      {finding.supersedes.map((id) => (
        <Link key={id} to={'/findings' as never} search={{ id } as never}>
          {t('findings.supersedes')} <span className="mono">{id.slice(0, 12)}</span>
        </Link>
      ))}
    </div>
  )
}
