import { SegmentedControl, Select } from '@mantine/core'
import { IconMapOff } from '@tabler/icons-react'
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from 'react'
import type { DoorState, Plan } from '../../api/types'
import { parseEntity, useDirectory } from '../../org/organisation'
import { wantsEyes } from '../../plan/condition'
import { usePlans } from '../../plan/doors'
import { DoorWord } from '../../plan/DoorShape'
import { Legend } from '../../plan/PlanOf'
import plan_css from '../../plan/plan.module.css'
import { t } from '../../text'
import { EmptyNote, ProblemNote, Waiting } from '../../ui/Notes'
import { useUrl } from '../../url'
import { doorsOf, firstPlan, offPlans, planOf, type Row } from './doors'
import { PointedCard } from './PointedCard'
import css from './doors.module.css'

const FloorPlan = lazy(() => import('../../plan/FloorPlan'))

interface Props {
  rows: readonly Row[]
  states: ReadonlyMap<string, DoorState> | undefined
  chosen: string | undefined
  choose: (id: string) => void
}

/** Doors on the plan of their floor; those on no plan below it. */
export function DoorsPlan({ rows, states, chosen, choose }: Props) {
  const [url, setUrl] = useUrl()
  const asked = usePlans()
  const [pointed, point] = useState<string>()
  const first = useRef<string>(undefined)
  const plans = asked.data
  // Where it began it stays until somebody goes elsewhere: a plan that jumps is no map.
  if (plans && rows.length > 0) first.current ??= firstPlan(plans, rows)?.place
  const own = chosen && plans ? planOf(plans, chosen)?.place : undefined
  const at = url.plan ?? own ?? first.current
  const plan = plans?.find(({ place }) => place === at) ?? plans?.[0]
  const shown = useMemo(() => plan && doorsOf(plan, rows), [plan, rows])
  const go = useCallback((entity: string) => choose(parseEntity(entity).id), [choose])
  if (asked.isPending) return <Waiting />
  if (asked.isError) return <ProblemNote error={asked.error} retry={() => void asked.refetch()} />
  const row = rows.find(({ door }) => `place:${door.door}` === pointed)
  const off = plans ? offPlans(plans, rows) : []
  return (
    <>
      {plan && shown ? (
        <>
          <Floors
            plans={asked.data}
            at={plan.place}
            rows={rows}
            go={(place) => setUrl({ plan: place })}
          />
          <div className={plan_css.frame}>
            <Suspense fallback={<Waiting />}>
              <FloorPlan
                plan={shown}
                doors={states}
                chosen={chosen && `place:${chosen}`}
                onChoose={go}
                onPoint={point}
              />
            </Suspense>
            {row && <PointedCard row={row} />}
            <Legend plan={shown} doors={states} />
          </div>
        </>
      ) : (
        <EmptyNote
          title={t('doors.no_plan')}
          icon={<IconMapOff size={28} stroke={1.5} aria-hidden />}
        >
          {t('doors.no_plan_text')}
        </EmptyNote>
      )}
      {off.length > 0 && <OffPlan rows={off} chosen={chosen} choose={choose} />}
    </>
  )
}

interface FloorsProps {
  plans: readonly Plan[]
  at: string
  rows: readonly Row[]
  go: (place: string) => void
}

/** Which site and floor; each says how many of its doors want eyes. */
function Floors({ plans, at, rows, go }: FloorsProps) {
  const directory = useDirectory()
  const siteOf = (place: string) => directory.place(place)?.site ?? place
  const grave = new Set(
    rows.filter(({ told }) => wantsEyes(told.state)).map(({ door }) => `place:${door.door}`),
  )
  const wrong = (list: readonly Plan[]) =>
    list.flatMap(({ marks }) => marks).filter(({ entity }) => grave.has(entity)).length
  const label = (name: string, list: readonly Plan[]) =>
    wrong(list) > 0 ? t('doors.floor_wrong', { name, count: wrong(list) }) : name
  const sites = [...new Set(plans.map(({ place }) => siteOf(place)))]
  const floors = plans.filter(({ place }) => siteOf(place) === siteOf(at))
  if (plans.length < 2) return null
  return (
    <div className={css.floors}>
      {sites.length > 1 && (
        <Select
          aria-label={t('doors.site')}
          value={siteOf(at)}
          allowDeselect={false}
          onChange={(site) => {
            const plan = plans.find(({ place }) => siteOf(place) === site)
            if (plan) go(plan.place)
          }}
          data={sites.map((site) => ({
            value: site,
            label: label(
              directory.siteName(site),
              plans.filter(({ place }) => siteOf(place) === site),
            ),
          }))}
        />
      )}
      {floors.length > 1 && (
        <SegmentedControl
          value={at}
          onChange={go}
          aria-label={t('places.floor')}
          data={floors.map((plan) => ({
            value: plan.place,
            label: label(directory.siteName(plan.place).slice(0, 24), [plan]),
          }))}
        />
      )}
    </div>
  )
}

interface OffProps {
  rows: readonly Row[]
  chosen: string | undefined
  choose: (id: string) => void
}

function OffPlan({ rows, chosen, choose }: OffProps) {
  const directory = useDirectory()
  return (
    <section className={css.off} aria-label={t('doors.off_plan')}>
      <h3>{t('doors.off_plan')}</h3>
      <ul>
        {rows.map(({ door: { door }, told }) => (
          <li key={door}>
            <button type="button" aria-pressed={door === chosen} onClick={() => choose(door)}>
              <bdi>{directory.nameOf(`place:${door}`)}</bdi>
              <DoorWord state={told.state} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
