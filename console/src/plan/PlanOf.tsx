import { lazy, memo, Suspense, useEffect, useMemo, useState } from 'react'
import type { DoorState, Incident, Plan } from '../api/types'
import { parseEntity, useDirectory, type Directory } from '../org/organisation'
import { t, word } from '../text'
import { EmptyNote, ProblemNote, Waiting } from '../ui/Notes'
import { IconMapOff } from '@tabler/icons-react'
import { DoorCard } from './DoorCard'
import { useDoorStates, usePlans } from './doors'
import { useMarks } from './marks'
import { SHAPES, type Shape } from './shapes'
import css from './plan.module.css'

const FloorPlan = lazy(() => import('./FloorPlan'))

/** The plan that shows most of what an incident names: nearest floor, else its site. */
export function planFor(
  incident: Incident,
  plans: readonly Plan[],
  directory: Directory,
): Plan | undefined {
  const places = incident.entities.flatMap((entity) => directory.placeOf(entity) ?? [])
  const around = [...places, incident.site ?? ''].flatMap((id) => [
    id,
    ...directory.above(id).map((place) => place.id),
  ])
  const marked = plans.find((plan) =>
    plan.marks.some((mark) => incident.entities.includes(mark.entity)),
  )
  return marked ?? around.map((id) => plans.find((plan) => plan.place === id)).find(Boolean)
}

/** The floor plan of an incident's place, with what it names ringed. */
export const PlanOf = memo(function PlanOf({ incident }: { incident: Incident }) {
  const directory = useDirectory()
  const plans = usePlans()
  const doors = useDoorStates()
  const [chosen, choose] = useState<string>()
  useEffect(() => choose(undefined), [incident.id])
  const named = useMemo(() => new Set(incident.entities), [incident.entities])
  if (plans.isPending) return <Waiting />
  if (plans.isError && !plans.error) return null
  const plan = plans.data && planFor(incident, plans.data, directory)
  if (!plan) {
    const place = directory.siteName(incident.site)
    if (plans.isError) return <ProblemNote error={plans.error} retry={() => void plans.refetch()} />
    return (
      <EmptyNote
        title={place ? t('incidents.plan_none', { place }) : t('incidents.plan_no_place')}
        icon={<IconMapOff size={28} stroke={1.5} aria-hidden />}
      >
        {t(place ? 'incidents.plan_none_text' : 'incidents.plan_no_place_text')}
      </EmptyNote>
    )
  }
  return (
    <div className={css.frame}>
      <Suspense fallback={<Waiting />}>
        <FloorPlan plan={plan} doors={doors.data} named={named} onChoose={choose} />
      </Suspense>
      {chosen && (
        <DoorCard
          entity={chosen}
          state={doors.data?.get(parseEntity(chosen).id)}
          at={named.has(chosen) ? incident.last_seen : undefined}
          close={() => choose(undefined)}
        />
      )}
      <Legend plan={plan} doors={doors.data} hasRings />
    </div>
  )
})

const IN_LEGEND = [
  'closed',
  'normal',
  'open',
  'unlocked',
  'scheduled',
  'locked',
  'lockdown',
  'held',
  'forced',
  'fire',
  'tamper',
  'trouble',
  'offline',
  'unknown',
  'camera',
  'asset',
] as const satisfies readonly Shape[]

interface LegendProps {
  plan: Plan
  doors: ReadonlyMap<string, DoorState> | undefined
  hasRings?: boolean
}

/** What the shapes that stand on a plan mean; on that of an incident, what the rings mean, too. */
export function Legend({ plan, doors, hasRings }: LegendProps) {
  const marks = useMarks(plan, doors)
  const shown = new Set(marks.map(({ shape }) => shape))
  return (
    <div className={css.legend}>
      {IN_LEGEND.filter((shape) => shown.has(shape)).map((shape) => (
        <span key={shape}>
          <span className={css.mark} data-condition={shape} aria-hidden>
            <svg viewBox="0 0 24 24">
              <path d={SHAPES[shape]} fillRule="evenodd" />
            </svg>
          </span>
          {word('incidents', 'door_state', shape)}
        </span>
      ))}
      {hasRings && (
        <span>
          <span className={css.ring} aria-hidden />
          {t('incidents.plan_involved')}
        </span>
      )}
    </div>
  )
}
