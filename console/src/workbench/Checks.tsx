import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react'
import { t } from '../text'
import type { Draft } from './useDraft'
import css from './workbench.module.css'

/** What a check says: problems with their lines, and each case by itself. */
export function Checks({ draft }: { draft: Draft }) {
  const { checked, faults } = draft
  const errors = faults.filter((fault) => fault.gravity !== 'warning').length
  const failed = checked?.cases.filter((one) => one.failure).length ?? 0
  return (
    <section
      className={css.checks}
      aria-label={t('detections.check')}
      data-earlier={draft.isEarlier || undefined}
      aria-busy={draft.isChecking}
    >
      <p className={css.summary} role="status">
        {draft.checkProblem ? (
          <bdi className={css.bad}>{draft.checkProblem.detail}</bdi>
        ) : !checked ? (
          t('detections.checking')
        ) : errors > 0 ? (
          <span className={css.bad}>{t('detections.check_errors', { count: errors })}</span>
        ) : (
          <span>
            {t('detections.check_good', { count: checked.rules.length })}{' '}
            {checked.cases.length === 0
              ? t('detections.no_cases')
              : failed === 0
                ? t('detections.cases_pass', { count: checked.cases.length })
                : t('detections.cases_fail', { count: failed, all: checked.cases.length })}
          </span>
        )}
      </p>
      <ul className={css.said} tabIndex={0} aria-label={t('detections.check')}>
        {faults.slice(0, 30).map((fault, at) => (
          <li key={`f${at}`} data-warning={fault.gravity === 'warning' || undefined}>
            <IconAlertTriangle size={14} aria-hidden />
            <span className="mono dim">
              {fault.file.split('/').pop()}
              {fault.line ? `:${fault.line}` : ''}
            </span>
            <bdi>{fault.message}</bdi>
          </li>
        ))}
        {checked?.cases.map((one, at) => (
          <li key={`c${at}`} data-good={!one.failure || undefined}>
            {one.failure ? (
              <IconCircleX size={14} aria-hidden />
            ) : (
              <IconCircleCheck size={14} aria-hidden />
            )}
            <span className="dim">{t(one.failure ? 'detections.fails' : 'detections.passes')}</span>
            <bdi>{one.name}</bdi>
            {one.failure && <bdi>{one.failure}</bdi>}
          </li>
        ))}
      </ul>
    </section>
  )
}
