import { Radio, Select, Textarea } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useState } from 'react'
import type { Disposition } from '../api/types'
import { incidents, isOpen } from '../live/incidents'
import { useExternal } from '../live/external'
import { t, word, type TextKey } from '../text'
import { serverNow } from '../time/clock'
import { Dialog } from '../ui/Dialog'
import { ActForm } from './Dialogs'
import { closeDialog, type DialogKind, type OpenDialog } from './dialogs'
import css from './incident.module.css'
import { OpenByHand } from './OpenByHand'
import { OwnerForm } from './OwnerForm'
import { SnoozeForm } from './SnoozeForm'

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
    <ActForm
      list={list}
      label={t('incidents.action_resolve')}
      act={act}
      missing={t('incidents.choose_disposition')}
    >
      <Unfinished list={list} note={reason} />
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

/** What is still undone; nothing forbids to resolve it all the same. */
function Unfinished({ list, note }: ListProps & { note: string }) {
  const left = list.flatMap(({ sop }) => sop.filter((step) => !step.done)).length
  const isSilent =
    !note.trim() && list.some(({ timeline }) => !timeline.some(({ act }) => act.act === 'comment'))
  const words = [
    left > 0 && t('incidents.steps_left', { count: left }),
    isSilent && t('incidents.no_word'),
  ].filter(Boolean)
  if (words.length === 0) return null
  return (
    <p className={css.unfinished} role="status">
      <IconAlertTriangle size={15} aria-hidden />
      <span>{words.join(' ')}</span>
    </p>
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
