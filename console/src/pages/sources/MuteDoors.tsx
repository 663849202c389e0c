import type { DoorState } from '../../api/types'
import { useDirectory } from '../../org/organisation'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { t } from '../../text'

const EVERY_MS = 60_000
/** Doors named here; the rest is counted. */
const NAMED_MAX = 6

/** Doors that grant and never say whether somebody went through: rules are silent about them. */
export function MuteDoors() {
  const asked = useReading<DoorState[]>('/v1/doors/states', {}, { every_ms: EVERY_MS })
  const directory = useDirectory()
  const mute = (asked.data ?? []).filter((door) => door.is_mute)
  if (mute.length === 0) return null
  const named = mute.slice(0, NAMED_MAX).map((door) => directory.nameOf(`place:${door.door}`))
  const more = mute.length > NAMED_MAX ? '…' : ''
  return (
    <p className={parts.quiet} role="note">
      {t('sources.mute_doors', { count: mute.length })}{' '}
      <bdi className="dim">
        {named.join(', ')}
        {more}
      </bdi>
    </p>
  )
}
