import { t } from '../text'
import css from './list.module.css'

/** The names of the wide list's columns, and the order it stands in. */
export function ListHead() {
  return (
    <div
      className={`${css.row} ${css.head}`}
      data-wide
      title={t('incidents.sort_hint')}
      aria-hidden
    >
      <span />
      <span>{t('incidents.level')}</span>
      <span>{t('incidents.incident')}</span>
      <span>{t('incidents.col_what')}</span>
      <span>{t('incidents.site')}</span>
      <span>{t('incidents.owner')}</span>
      <span>{t('incidents.state')}</span>
      <span>{t('incidents.opened')}</span>
      <span className={css.agoCell}>{t('incidents.age')}</span>
    </div>
  )
}
