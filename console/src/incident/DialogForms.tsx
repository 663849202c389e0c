import { Radio, Select, Textarea, TextInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { Disposition, Owner } from '../api/types'
import { incidents, isOpen } from '../live/incidents'
import { useExternal } from '../live/external'
import { useDirectory } from '../org/organisation'
import { useSession } from '../session/session'
import { t, word } from '../text'
import { serverNow } from '../time/clock'
import { ActForm } from './Dialogs'
import type { OpenDialog } from './dialogs'
import css from './incident.module.css'
import { OpenByHand } from './OpenByHand'
import { SnoozeForm } from './SnoozeForm'
import { useActs } from './useActs'

const DISPOSITIONS: Disposition[] = [
  'true_positive',
  'benign_positive',
  'false_positive',
  'test',
  'duplicate',
  'undetermined',
]

/** The form of whichever dialog is open. */
export default function DialogForms({ open }: { open: OpenDialog }) {
  switch (open.kind) {
    case 'assign':
      return <OwnerForm list={open.list} kind="assign" />
    case 'escalate':
      return <OwnerForm list={open.list} kind="escalate" />
    case 'offer':
      return <OwnerForm list={open.list} kind="offer" />
    case 'decline':
      return <ReasonForm list={open.list} action="decline" />
    case 'reopen':
      return <ReasonForm list={open.list} action="reopen" />
    case 'resolve':
      return <ResolveForm list={open.list} />
    case 'snooze':
      return <SnoozeForm list={open.list} now={serverNow()} />
    case 'merge':
      return <MergeForm list={open.list} />
    case 'open':
      return <OpenByHand />
  }
}

type ListProps = { list: OpenDialog['list'] }

function useOwners(teamsOnly: boolean): { value: string; label: string }[] {
  const { organisation } = useDirectory()
  const { operator } = useSession()
  const held = useExternal(incidents)
  return useMemo(() => {
    // Teams that own something are teams, whether or not the organisation lists them.
    const owning = [...held.byId.values()].flatMap((i) =>
      i.owner.kind === 'team' ? [i.owner.id] : [],
    )
    const teams = [...new Set([...organisation.teams, ...operator.teams, ...owning])].sort()
    const people = teamsOnly
      ? []
      : organisation.operators.flatMap((o) =>
          o.person ? [{ value: `person:${o.person}`, label: o.name }] : [],
        )
    return [
      ...teams.map((id) => ({ value: `team:${id}`, label: t('incidents.team', { name: id }) })),
      ...people,
    ]
  }, [held, organisation, operator, teamsOnly])
}

function ownerOf(value: string | null): Owner | undefined {
  const [kind, id] = (value ?? '').split(/:(.*)/)
  return id && (kind === 'team' || kind === 'person') ? { kind, id } : undefined
}

function OwnerForm({ list, kind }: ListProps & { kind: 'assign' | 'escalate' | 'offer' }) {
  const owners = useOwners(kind === 'escalate')
  const [to, setTo] = useState<string | null>(null)
  const [note, setNote] = useState('')
  const { many } = useActs()
  const act = () => {
    const owner = ownerOf(to)
    if (!owner) return undefined
    if (kind === 'offer') return { action: 'offer' as const, to: owner, note: note.trim() }
    return { action: 'assign' as const, to: owner }
  }
  const after = () => {
    if (kind !== 'escalate' || !note.trim()) return
    const now = incidents.get().byId
    const fresh = list.map((looked) => now.get(looked.id) ?? looked)
    void many(fresh, { action: 'comment', text: note.trim() })
  }
  return (
    <ActForm list={list} label={t(`incidents.action_${kind}`)} act={act} after={after}>
      <Select
        label={t('incidents.to')}
        placeholder={t('incidents.to_hint')}
        data={owners}
        value={to}
        onChange={setTo}
        searchable
        required
        data-autofocus
        nothingFoundMessage={t('shell.palette_none')}
      />
      {kind !== 'assign' && (
        <Textarea
          label={t('incidents.note')}
          value={note}
          autosize
          minRows={2}
          maxLength={4000}
          required
          onChange={(event) => setNote(event.currentTarget.value)}
        />
      )}
      {kind === 'offer' && <p className="dim">{t('incidents.dialog_offer_text')}</p>}
    </ActForm>
  )
}

function ReasonForm({ list, action }: ListProps & { action: 'decline' | 'reopen' }) {
  const [reason, setReason] = useState('')
  const act = () => (reason.trim() ? { action, reason: reason.trim() } : undefined)
  return (
    <ActForm list={list} label={t(`incidents.action_${action}`)} act={act}>
      <Textarea
        label={t('incidents.reason')}
        value={reason}
        autosize
        minRows={2}
        maxLength={4000}
        required
        data-autofocus
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </ActForm>
  )
}

function ResolveForm({ list }: ListProps) {
  const [chosen, setChosen] = useState<string>('')
  const [reason, setReason] = useState('')
  const act = () =>
    chosen
      ? {
          action: 'resolve' as const,
          disposition: chosen as Disposition,
          reason: reason.trim() || undefined,
        }
      : undefined
  return (
    <ActForm list={list} label={t('incidents.action_resolve')} act={act}>
      <Radio.Group
        value={chosen}
        onChange={setChosen}
        required
        aria-label={t('incidents.dialog_resolve')}
      >
        <div className={css.choices}>
          {DISPOSITIONS.map((d, i) => (
            <Radio
              key={d}
              value={d}
              label={word('incidents', 'disposition', d)}
              size="xs"
              data-autofocus={i === 0 || undefined}
              required
            />
          ))}
        </div>
      </Radio.Group>
      <Textarea
        label={t('incidents.note')}
        value={reason}
        autosize
        minRows={2}
        maxLength={4000}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </ActForm>
  )
}

function MergeForm({ list }: ListProps) {
  const held = useExternal(incidents)
  const [into, setInto] = useState<string | null>(null)
  const gone = new Set(list.map((incident) => incident.id))
  const targets = [...held.byId.values()]
    .filter((i) => isOpen(i) && !gone.has(i.id))
    .map((i) => ({ value: i.id, label: `${i.title} (${i.id})` }))
  const act = () => (into ? { action: 'merge' as const, into } : undefined)
  return (
    <ActForm list={list} label={t('incidents.action_merge')} act={act}>
      <Select
        label={t('incidents.merge_target')}
        placeholder={t('incidents.merge_hint')}
        data={targets}
        value={into}
        onChange={setInto}
        searchable
        required
        data-autofocus
        limit={40}
        nothingFoundMessage={t('shell.palette_none')}
      />
      <p className="dim">{t('incidents.dialog_merge_text')}</p>
    </ActForm>
  )
}

/** A field that only wants a word. */
export function Word(props: {
  label: string
  value: string
  set: (value: string) => void
  max: number
}) {
  return (
    <TextInput
      label={props.label}
      value={props.value}
      maxLength={props.max}
      required
      data-autofocus
      onChange={(event) => props.set(event.currentTarget.value)}
    />
  )
}
