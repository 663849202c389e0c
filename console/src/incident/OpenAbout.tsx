import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Incident } from '../api/types'
import { incidents, isOpen } from '../live/incidents'
import { useExternal } from '../live/external'
import { parseEntity, useDirectory } from '../org/organisation'
import { Part } from '../parts/Facts'
import parts from '../parts/parts.module.css'
import { t } from '../text'
import { Severity } from '../ui/Severity'
import { Ago } from '../ui/Stamp'
import { byUrgency } from './queue'

const SHOWN_MAX = 50

/** The open incidents about one person, place or thing, as the live stream has them. */
export function OpenAbout({ entity, none }: { entity: string; none: string }) {
  const { byId, isLoaded, problem } = useExternal(incidents)
  const directory = useDirectory()
  const list = useMemo(() => {
    const { kind, id } = parseEntity(entity)
    const isHere = (place: string) => directory.above(place).some((one) => one.id === id)
    const isAbout = (incident: Incident) =>
      incident.entities.some((one) => {
        const named = parseEntity(one)
        return one === entity || (kind === 'place' && named.kind === 'place' && isHere(named.id))
      }) ||
      (kind === 'place' && incident.site === id)
    return [...byId.values()].filter((one) => isOpen(one) && isAbout(one)).sort(byUrgency)
  }, [byId, entity, directory])
  return (
    <Part title={t('people.open')}>
      {problem ? (
        <p className={parts.problem}>{problem.detail}</p>
      ) : !isLoaded ? (
        <p className="faint">{t('shell.loading')}</p>
      ) : list.length === 0 ? (
        <p className={parts.quiet}>{none}</p>
      ) : (
        list.slice(0, SHOWN_MAX).map((incident) => (
          <Link
            key={incident.id}
            to="/incidents"
            search={{ i: incident.id } as never}
            className={parts.about}
          >
            <Severity level={incident.level} isShort />
            <bdi className="cut">
              {directory.inWords(incident.title, incident.entities).slice(0, 300)}
            </bdi>
            <span className="faint">
              <Ago at={incident.opened_at} />
            </span>
          </Link>
        ))
      )}
    </Part>
  )
}
