import { Link } from '@tanstack/react-router'
import type { Incident } from '../api/types'
import { isOpen } from '../live/incidents'
import { Part } from '../parts/Facts'
import parts from '../parts/parts.module.css'
import { useReading } from '../parts/reading'
import { t } from '../text'
import { Severity } from '../ui/Severity'
import { Ago } from '../ui/Stamp'

const EVERY_MS = 10_000

/** The incidents about one person, place or thing that are not done. */
export function OpenAbout({ entity, none }: { entity: string; none: string }) {
  const asked = useReading<{ incidents: Incident[] }>(
    '/v1/incidents',
    { entity, limit: 100 },
    { every_ms: EVERY_MS },
  )
  const list = (asked.data?.incidents ?? []).filter(isOpen)
  return (
    <Part title={t('people.open')}>
      {asked.problem ? (
        <p className={parts.problem}>{asked.problem.detail}</p>
      ) : asked.isWaiting ? (
        <p className="faint">{t('shell.loading')}</p>
      ) : list.length === 0 ? (
        <p className={parts.quiet}>{none}</p>
      ) : (
        list.map((incident) => (
          <Link
            key={incident.id}
            to="/incidents"
            search={{ i: incident.id } as never}
            className={parts.about}
          >
            <Severity level={incident.level} isShort />
            <bdi className="cut">{incident.title.slice(0, 300)}</bdi>
            <span className="faint">
              <Ago at={incident.opened_at} />
            </span>
          </Link>
        ))
      )}
    </Part>
  )
}
