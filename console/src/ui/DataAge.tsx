import { useEffect, useState } from 'react'
import { link } from '../live/link'
import { useExternal } from '../live/external'
import { t } from '../text'
import { span } from '../time/format'
import css from './ui.module.css'

const OLD_AFTER_MS = 60_000

/** How old what is shown is: "live" while the link stands, else its age. */
export function DataAge({ readAt }: { readAt?: number }) {
  const { state, proof_ms } = useExternal(link)
  const [, setTick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), 1_000)
    return () => clearInterval(timer)
  }, [])
  const isLive = readAt === undefined && state === 'live'
  const age_ms = performance.now() - (readAt ?? proof_ms)
  const tone = state === 'lost' ? 'lost' : isLive || age_ms < OLD_AFTER_MS ? 'live' : 'old'
  const text = isLive
    ? t('shell.live')
    : state === 'connecting' && readAt === undefined
      ? t('shell.connecting')
      : t('shell.age', { span: span(age_ms) })
  return (
    <span className={`${css.age} num`} data-tone={tone} title={t('shell.age_hint')}>
      <span className={css.ageDot} aria-hidden />
      {text}
    </span>
  )
}
