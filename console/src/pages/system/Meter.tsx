import { share, shareText, toneOf, type LimitItem } from './limits'
import parts from '../../parts/parts.module.css'

/** How near a limit is, as a bar; the number stands beside it. */
export function Meter({ limit }: { limit: LimitItem }) {
  const part = share(limit)
  if (part === undefined) return <span />
  return (
    <div
      className={parts.meter}
      data-tone={toneOf(part)}
      role="meter"
      aria-label={limit.name}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(part * 100)}
      aria-valuetext={shareText(limit)}
    >
      <i style={{ width: `${Math.max(part * 100, part > 0 ? 1 : 0)}%` }} />
    </div>
  )
}
