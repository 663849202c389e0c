import { ActionIcon, Button, SegmentedControl, Select, Switch, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useState, type FormEvent } from 'react'
import { useDirectory } from '../../org/organisation'
import { FormFoot } from '../../parts/FormFoot'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { t, word } from '../../text'
import { Dialog } from '../../ui/Dialog'
import { nameOfPerson, usePeople } from '../people/people'
import { ASKS, compose, missingIn, type Ask, type Condition, type Form } from './compose'
import type { GroupItem, Page, ScheduleItem } from './rights'
import css from './access.module.css'

interface Props {
  close: () => void
  /** Puts the policy into the text, in place of one of the same id. */
  put: (id: string, policy: string) => void
}

const EMPTY: Form = {
  id: '',
  effect: 'permit',
  who: { kind: 'group', id: '' },
  where: { kind: 'zone', id: '' },
  when: [],
}

/** A policy by choosing; its text is shown as it grows, and goes into the editor. */
export function PolicyForm({ close, put }: Props) {
  const [form, setForm] = useState(EMPTY)
  const change = (part: Partial<Form>) => setForm((before) => ({ ...before, ...part }))
  const missing = missingIn(form)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (missing) return
    put(form.id, compose(form))
    close()
  }
  return (
    <Dialog close={close} title={t('access.by_form')} size={620}>
      <form className={parts.form} onSubmit={submit}>
        <TextInput
          label={t('access.policy_id')}
          description={t('access.point_hint')}
          value={form.id}
          maxLength={64}
          data-autofocus
          onChange={(event) => change({ id: event.currentTarget.value.trim() })}
        />
        <SegmentedControl
          fullWidth
          aria-label={t('access.effect')}
          value={form.effect}
          onChange={(value) => change({ effect: value as Form['effect'] })}
          data={[
            { value: 'permit', label: t('access.permit') },
            { value: 'forbid', label: t('access.forbid') },
          ]}
        />
        <Who form={form} change={change} />
        <Where form={form} change={change} />
        <When list={form.when} change={(when) => change({ when })} />
        <pre className={css.code}>{compose(form)}</pre>
        <FormFoot label={t('access.into_text')} close={close} isReady={!missing} />
      </form>
    </Dialog>
  )
}

interface PartProps {
  form: Form
  change: (part: Partial<Form>) => void
}

function Who({ form, change }: PartProps) {
  const { people } = usePeople()
  const groups = useReading<Page<GroupItem>>('/v1/access/groups', { limit: 500 })
  const { who } = form
  const data =
    who.kind === 'group'
      ? (groups.data?.items ?? []).map((one) => ({
          value: one.group,
          label: one.name ?? one.group,
        }))
      : people.map((one) => ({ value: one.id, label: nameOfPerson(one) }))
  return (
    <div className={css.whom}>
      <Select
        label={t('access.who')}
        value={who.kind}
        allowDeselect={false}
        onChange={(value) => change({ who: { kind: (value ?? 'group') as typeof who.kind, id: '' } })}
        data={(['group', 'person', 'anybody'] as const).map((one) => ({
          value: one,
          label: t(`access.who_${one}`),
        }))}
      />
      {who.kind !== 'anybody' && (
        <Select
          label={t(`access.who_${who.kind}`)}
          value={who.id || null}
          onChange={(value) => change({ who: { ...who, id: value ?? '' } })}
          searchable
          limit={100}
          data={data}
        />
      )}
    </div>
  )
}

function Where({ form, change }: PartProps) {
  const directory = useDirectory()
  const { where } = form
  const name = (id: string) => directory.nameOf(`place:${id}`)
  const data =
    where.kind === 'zone'
      ? directory.organisation.places
          .filter(({ kind }) => kind === 'zone')
          .map(({ id }) => ({ value: id, label: name(id) }))
      : directory.organisation.doors.map(({ door }) => ({ value: door, label: name(door) }))
  return (
    <div className={css.whom}>
      <Select
        label={t('access.where')}
        value={where.kind}
        allowDeselect={false}
        onChange={(value) =>
          change({ where: { kind: (value ?? 'zone') as typeof where.kind, id: '' } })
        }
        data={(['zone', 'door', 'anywhere'] as const).map((one) => ({
          value: one,
          label: t(`access.where_${one}`),
        }))}
      />
      {where.kind !== 'anywhere' && (
        <Select
          label={t(`access.where_${where.kind}`)}
          value={where.id || null}
          onChange={(value) => change({ where: { ...where, id: value ?? '' } })}
          searchable
          limit={100}
          data={data}
        />
      )}
    </div>
  )
}

const CONDITIONS_MAX = 8

interface WhenProps {
  list: readonly Condition[]
  change: (list: readonly Condition[]) => void
}

function When({ list, change }: WhenProps) {
  const schedules = useReading<readonly ScheduleItem[]>('/v1/access/schedules')
  const put = (at: number, part: Partial<Condition>) =>
    change(list.map((one, index) => (index === at ? { ...one, ...part } : one)))
  const values = (ask: Ask) =>
    ask === 'schedule'
      ? (schedules.data ?? []).map((one) => ({
          value: one.schedule,
          label: one.name ?? one.schedule,
        }))
      : ASKS[ask].map((one) => ({ value: one, label: word('access', `is_${ask}`, one) }))
  return (
    <fieldset className={css.when}>
      <legend>{t('access.only_when')}</legend>
      {list.map((condition, at) => (
        <div key={at} className={css.condition}>
          <Select
            aria-label={t('access.condition', { number: at + 1 })}
            value={condition.ask}
            allowDeselect={false}
            onChange={(value) => put(at, { ask: (value ?? 'schedule') as Ask, value: '' })}
            data={(Object.keys(ASKS) as Ask[]).map((one) => ({
              value: one,
              label: t(`access.ask_${one}`),
            }))}
          />
          <Switch
            label={t('access.is_not')}
            checked={condition.isNot}
            onChange={(event) => put(at, { isNot: event.currentTarget.checked })}
          />
          <Select
            aria-label={t('access.value', { number: at + 1 })}
            value={condition.value || null}
            onChange={(value) => put(at, { value: value ?? '' })}
            data={values(condition.ask)}
          />
          <ActionIcon
            variant="subtle"
            aria-label={t('access.remove_condition', { number: at + 1 })}
            onClick={() => change(list.filter((_, index) => index !== at))}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="default"
        size="compact-sm"
        disabled={list.length >= CONDITIONS_MAX}
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => change([...list, { ask: 'schedule', value: '', isNot: false }])}
      >
        {t('access.add_condition')}
      </Button>
    </fieldset>
  )
}
