import { memo } from 'react'
import { useDirectory } from '../org/organisation'
import { ticking } from '../time/clock'
import { useExternal } from '../live/external'
import {
  clockTime,
  fullTime,
  isSameClock,
  msOf,
  shortSpan,
  shortTime,
  span,
  viewerZone,
  zoneName,
} from '../time/format'
import { t } from '../text'
import css from './ui.module.css'

interface Props {
  at: string | number
  /** A place, whose zone the moment is shown in; UTC where none is known. */
  place?: string | null
  /** `time`: with its day if not today. `full`: everything. `both`: the viewer's beside it. */
  as?: 'time' | 'full' | 'both'
  withSeconds?: boolean
  /** Never with its day: that stands above it. */
  isTimeOnly?: boolean
}

/** A moment in its site's time; the viewer's own and UTC in the hint, or beside it. */
export const Stamp = memo(function Stamp({
  at,
  place,
  as = 'time',
  withSeconds = true,
  isTimeOnly = false,
}: Props) {
  const zone = useDirectory().zoneOf(place)
  const mine = viewerZone()
  const hint = [
    `${fullTime(at, zone)} ${zoneName(at, zone)}`,
    isSameClock(at, zone, mine) ? undefined : `${fullTime(at, mine)} ${t('shell.your_time')}`,
    zone === 'UTC' ? undefined : `${fullTime(at, 'UTC')} UTC`,
  ]
    .filter(Boolean)
    .join('\n')
  return (
    <time className="num" dateTime={iso(at)} title={hint}>
      {isTimeOnly ? (
        clockTime(at, zone, withSeconds)
      ) : as === 'time' ? (
        <Short at={at} zone={zone} withSeconds={withSeconds} />
      ) : (
        <>
          {fullTime(at, zone)} {zoneName(at, zone)}
          {as === 'both' && !isSameClock(at, zone, mine) && (
            <>
              {' '}
              <span className={`${css.viewers} dim`}>
                {clockTime(at, mine)} {t('shell.your_time')}
              </span>
            </>
          )}
        </>
      )}
    </time>
  )
})

function Short({
  at,
  zone,
  withSeconds,
}: {
  at: string | number
  zone: string
  withSeconds: boolean
}) {
  // The day changes seldom; reading it once is enough for a row that renders again anyway.
  return <>{shortTime(at, zone, ticking.get(), withSeconds)}</>
}

const iso = (at: string | number): string | undefined => {
  const ms = msOf(at)
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}

/** How long ago, by the server's clock; renews itself. */
export function Ago({ at, isShort = false }: { at: string | number; isShort?: boolean }) {
  const now = useExternal(ticking)
  const ago = now - msOf(at)
  return <span className="num">{isShort ? shortSpan(ago) : span(ago)}</span>
}
