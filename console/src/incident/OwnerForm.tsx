import { Select, Textarea } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import type { Owner } from '../api/types'
import { incidents } from '../live/incidents'
import { useExternal } from '../live/external'
import { useDirectory } from '../org/organisation'
import { useSession } from '../session/session'
import { t } from '../text'
import { ActForm } from './Dialogs'
import type { OpenDialog } from './dialogs'
import { ownerKey } from './filter'
import css from './incident.module.css'
import { receivers, teamReceivers, type Receiver } from './receivers'
import { useActs } from './useActs'
import { useMe } from './useMe'

type Listed = OpenDialog['list']
type Kind = 'assign' | 'escalate' | 'offer'

/** To whom these may be given: teams, and those who may work every one of them. */
function useOwners(list: Listed, kind: Kind) {
  const directory = useDirectory()
  const { organisation } = directory
  const { operator } = useSession()
  const me = useMe()
  const held = useExternal(incidents)
  return useMemo(() => {
    // Teams that own something are teams, whether or not the organisation lists them.
    const owning = [...held.byId.values()].flatMap((i) =>
      i.owner.kind === 'team' ? [i.owner.id] : [],
    )
    const teams = [...new Set([...organisation.teams, ...operator.teams, ...owning])].sort()
    // Who hands over counts on the others.
    const operators = organisation.operators.filter(
      (one) => kind === 'assign' || one.id !== operator.id,
    )
    const people = kind === 'escalate' ? [] : receivers(operators, list, directory.siteName)
    const isOffer = kind === 'offer'
    const own = teamReceivers(teams, organisation.operators, list, isOffer, operator.id)
    const all = [...people, ...own]
    const owners = new Set(list.map(ownerKey))
    const there = all.sort((a, b) => Number(b.isOnDuty) - Number(a.isOnDuty))
    return there.filter(
      ({ value }) =>
        !(owners.size === 1 && owners.has(value)) &&
        !(kind === 'offer' && value === `person:${me.person}`),
    )
  }, [held, organisation, directory, operator, me, list, kind])
}

function ownerOf(value: string | null): Owner | undefined {
  const [kind, id] = (value ?? '').split(/:(.*)/)
  return id && (kind === 'team' || kind === 'person') ? { kind, id } : undefined
}

/** Who answers for these from now on, or is asked to. */
export function OwnerForm({ list, kind }: { list: Listed; kind: Kind }) {
  const owners = useOwners(list, kind)
  const queries = useQueryClient()
  // Who is there changes by the minute.
  useEffect(() => void queries.invalidateQueries({ queryKey: ['organisation'] }), [queries])
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
        renderOption={({ option }) => <Choice receiver={option as Receiver} />}
        maxDropdownHeight={320}
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

function Choice({ receiver }: { receiver: Receiver }) {
  return (
    <span className={css.receiver} data-there={receiver.isOnDuty || undefined}>
      <bdi>{receiver.label}</bdi>
      <span className="dim">
        <bdi>{receiver.hint}</bdi>
      </span>
    </span>
  )
}
