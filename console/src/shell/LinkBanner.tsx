import { IconPlugConnectedX } from '@tabler/icons-react'
import { link } from '../live/link'
import { useExternal } from '../live/external'
import { t } from '../text'
import css from './shell.module.css'

/** Says that the link is lost, that nothing typed is, and goes by itself. */
export function LinkBanner() {
  const { state } = useExternal(link)
  return (
    <div role="status" className={css.bannerRegion}>
      {state === 'lost' && (
        <div className={css.banner}>
          <IconPlugConnectedX size={15} aria-hidden />
          {t('shell.link_lost')}
        </div>
      )}
    </div>
  )
}
