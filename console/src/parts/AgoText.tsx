import { useExternal } from '../live/external'
import { t } from '../text'
import { ticking } from '../time/clock'
import { msOf, span } from '../time/format'

/** How long ago, as words that stand alone. */
export function AgoText({ at }: { at: string | number }) {
  const now = useExternal(ticking)
  return <span className="num">{t('sources.ago', { span: span(now - msOf(at)) })}</span>
}
