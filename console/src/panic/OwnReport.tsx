import type { ActionOffer, Incident } from '../api/types'
import { COMMENT_FIELD, CommentBox } from '../incident/CommentBox'
import css from '../incident/incident.module.css'
import { useDirectory } from '../org/organisation'
import { t } from '../text'
import { Severity } from '../ui/Severity'
import { Ago, Stamp } from '../ui/Stamp'
import { heardBy, presses } from './raised'

interface Props {
  /** As it is. */
  incident: Incident
  offer: ActionOffer | undefined
}

/**
 * The caller's own call, as a report to complete: what was pressed and who has read it, in words
 * that tell nobody beside them what it is.
 */
export function OwnReport({ incident, offer }: Props) {
  const directory = useDirectory()
  const reader = heardBy(incident)
  return (
    <div className={css.detail}>
      <div className={css.scroll}>
        <div className={css.headline} data-level="informational">
          <div className={css.headlineTop}>
            <Severity level="informational" size={16} />
            <span className="dim">
              <Ago at={incident.opened_at} />
            </span>
          </div>
          <h3 className={css.name}>{t('desk.report')}</h3>
          <p className={css.because}>{t('desk.report_text')}</p>
        </div>
        <dl className={css.facts}>
          <dt>{t('desk.report_made')}</dt>
          <dd className={css.entities}>
            {presses(incident).map((at) => (
              <Stamp key={at} at={at} place={incident.site} />
            ))}
          </dd>
          <dt>{t('desk.report_read')}</dt>
          <dd>
            {reader ? (
              <>
                <bdi>{directory.operatorName(reader.by)}</bdi>,{' '}
                <Stamp at={reader.at} place={incident.site} />
              </>
            ) : (
              t('desk.report_unread')
            )}
          </dd>
        </dl>
        <div className={css.part}>
          <label htmlFor={COMMENT_FIELD}>{t('desk.report_ask')}</label>
        </div>
      </div>
      <CommentBox incident={incident} offer={offer} />
    </div>
  )
}
