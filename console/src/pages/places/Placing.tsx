import { Select } from '@mantine/core'
import { useMemo } from 'react'
import type { Plan } from '../../api/types'
import { useDirectory } from '../../org/organisation'
import { t } from '../../text'
import css from './places.module.css'

/** Puts doors and things of the place on the plan, or takes them off. */
export function Placing({
  plan,
  add,
  remove,
}: {
  plan: Plan
  add: (entity: string) => void
  remove: (entity: string) => void
}) {
  const directory = useDirectory()
  const { missing, placed } = useMemo(() => {
    const on = new Set(plan.marks.map((mark) => mark.entity))
    const isHere = (id: string | null | undefined) =>
      directory.above(id ?? '').some((one) => one.id === plan.place)
    const { doors, assets } = directory.organisation
    const all = [
      ...doors.filter(({ door }) => isHere(door)).map(({ door }) => `place:${door}`),
      ...assets.filter(({ place }) => isHere(place)).map(({ id }) => `asset:${id}`),
    ]
    const named = (entity: string) => ({
      value: entity,
      label: directory.nameOf(entity).slice(0, 120),
    })
    return { missing: all.filter((one) => !on.has(one)).map(named), placed: [...on].map(named) }
  }, [plan, directory])
  return (
    <>
      <span className="faint">{t('places.drag')}</span>
      <Select
        className={css.placing}
        data={missing}
        value={null}
        searchable
        placeholder={t('places.add_mark')}
        aria-label={t('places.add_mark')}
        nothingFoundMessage={t('places.all_placed')}
        onChange={(entity) => entity && add(entity)}
        comboboxProps={{ position: 'top' }}
      />
      <Select
        className={css.placing}
        data={placed}
        value={null}
        searchable
        placeholder={t('places.take_mark')}
        aria-label={t('places.take_mark')}
        onChange={(entity) => entity && remove(entity)}
        comboboxProps={{ position: 'top' }}
      />
    </>
  )
}
