import { Radio, Select, Textarea } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { Disposition, Owner } from '../api/types'
import { incidents, isOpen } from '../live/incidents'
import { useExternal } from '../live/external'
import { useDirectory } from '../org/organisation'
import { useSession } from '../session/session'
import { t, word, type TextKey } from '../text'
import { serverNow } from '../time/clock'
import { Dialog } from '../ui/Dialog'
import { ActForm } from './Dialogs'
import { closeDialog, type DialogKind, type OpenDialog } from './dialogs'
import { ownerKey } from './filter'
import css from './incident.module.css'
import { OpenByHand } from './OpenByHand'
import { receivers } from './receivers'
import { SnoozeForm } from './SnoozeForm'
import { useActs } from './useActs'
import { useMe } from './useMe'

const DISPOSITIONS: Disposition[] = [
  'true_positive',
  'benign_positive',
  'false_positive',
  'test',
  'duplicate',
  'undetermined',
  'withdrawn',
]

const TITLES: Record<DialogKind, TextKey> = {
  assign: 'incidents.dialog_assign',
  escalate: 'incidents.dialog_escalate',
  offer: 'incidents.dialog_offer',
  decline: 'incidents.dialog_decline',
  resolve: 'incidents.dialog_resolve',
  reopen: 'incidents.dialog_reopen',
  snooze: 'incidents.dialog_snooze',
  merge: 'incidents.dialog_merge',
  open: 'incidents.by_hand',
}

/** Whichever dialog is open. */
export default function DialogForms({ open }: { open: OpenDialog }) {
  return (
    <Dialog
      close={closeDialog}
      size={open.kind === 'open' ? 560 : 460}
      title={t(TITLES[open.kind])}
    >
      <Form open={open} />
    </Dialog>
  )
}

function Form({ open: { kind, list } }: { open: OpenDialog }) {
  switch (kind) {
    case 'assign':
    case 'escalate':
    case 'offer':
      return <OwnerForm list={list} kind={kind} />
    case 'decline':
    case 'reopen':
      return <ReasonForm list={list} action={kind} />
    case 'resolve':
      return <ResolveForm list={list} />
    case 'snooze':
      return <SnoozeForm list={list} now={serverNow()} />
    case 'merge':
      return <MergeForm list={list} />
    case 'open':
      return <OpenByHand />
  }
}

type ListProps = { list: OpenDialog['list'] }

/** To whom these may be given: teams, and those who may work every one of them. */
function useOwners(list: OpenDialog['list'], kind: 'assign' | 'escalate' | 'offer') {
  const { organisation } = useDirectory()
  const { operator } = useSession()
  const me = useMe()
  const held = useExternal(incidents)
  return useMemo(() => {
    // Teams that own something are teams, whether or not the organisation lists them.
    const owning = [...held.byId.values()].flatMap((i) =>
      i.owner.kind === 'team' ? [i.owner.id] : [],
    )
    const teams = [...new Set([...organisation.teams, ...operator.teams, ...owning])].sort()
    const all = [
      ...teams.map((id) => ({ value: `team:${id}`, label: t('incidents.team', { name: id }) })),
      ...(kind === 'escalate' ? [] : receivers(organisation.operators, list)),
    ]
    const owners = new Set(list.map(ownerKey))
    return all.filter(
      ({ value }) =>
        !(owners.size === 1 && owners.has(value)) &&
        !(kind === 'offer' && value === `person:${me.person}`),
    )
  }, [held, organisation, operator, me, list, kind])
}

function ownerOf(value: string | null): Owner | undefined {
  const [kind, id] = (value ?? '').split(/:(.*)/)
  return id && (kind === 'team' || kind === 'person') ? { kind, id } : undefined
}

function OwnerForm({ list, kind }: ListProps & { kind: 'assign' | 'escalate' | 'offer' }) {
  const owners = useOwners(list, kind)
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
