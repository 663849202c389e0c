import { MultiSelect, Select, Textarea, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState, type FormEvent } from 'react'
import { call } from '../api/client'
import { asProblem } from '../api/problem'
import type { IncidentView, Level } from '../api/types'
import { incidents, takeIncident } from '../live/incidents'
import { useDirectory } from '../org/organisation'
import { FormFoot } from '../parts/FormFoot'
import { useSession } from '../session/session'
import { usePeople } from '../shell/options'
import { t, word } from '../text'
import { LEVELS } from '../ui/gravity'
import { useUrl } from '../url'
import { closeDialog } from './dialogs'
import css from './incident.module.css'

const KEPT = 'castellan.draft.incident'

interface Draft {
  title: string
  text: string
  level: Level
  team: string | null
  site: string | null
  entities: string[]
}

const fresh: Draft = { title: '', text: '', level: 'medium', team: null, site: null, entities: [] }

function kept(): Draft {
  try {
    return { ...fresh, ...(JSON.parse(sessionStorage.getItem(KEPT) ?? '{}') as Partial<Draft>) }
  } catch {
    return fresh
  }
}

/** Teams to choose from: the organisation's, the operator's own, and those that own something. */
function useTeams(): string[] {
  const { organisation } = useDirectory()
  const { operator } = useSession()
  const owning = [...incidents.get().byId.values()].flatMap((i) =>
    i.owner.kind === 'team' ? [i.owner.id] : [],
  )
  return [...new Set([...operator.teams, ...organisation.teams, ...owning])]
}

/** Somebody rang, somebody saw: an incident without a rule. What is typed outlives a lost link. */
export function OpenByHand() {
  const directory = useDirectory()
  const teams = useTeams()
  const [draft, setDraft] = useState(kept)
  const [isBusy, setBusy] = useState(false)
  const [, setUrl] = useUrl()
  const people = usePeople().data ?? []
  const change = (patch: Partial<Draft>) => {
    const next = { ...draft, ...patch }
    sessionStorage.setItem(KEPT, JSON.stringify(next))
    setDraft(next)
  }
  const { places, assets, sites } = directory.organisation
  const about = [
    ...people.map((p) => ({ value: `person:${p.id}`, label: p.name ?? p.pseudonym ?? p.id })),
    ...places.map((p) => ({ value: `place:${p.id}`, label: p.name })),
    ...assets.map((a) => ({ value: `asset:${a.id}`, label: a.name })),
  ]
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const team = draft.team ?? teams[0]
    if (!team || isBusy) return
    setBusy(true)
    try {
      const json = { ...draft, team, site: draft.site ?? undefined }
      const view = await call<IncidentView>('POST', '/v1/incidents', { json })
      takeIncident(view.incident)
      sessionStorage.removeItem(KEPT)
      closeDialog()
      setUrl({ i: view.incident.id }, true)
      const message = t('incidents.hand_opened', { title: view.incident.title })
      notifications.show({ message, withBorder: true })
    } catch (thrown) {
      const message = asProblem(thrown).detail
      notifications.show({
        title: t('incidents.act_failed'),
        message,
        color: 'red',
        withBorder: true,
      })
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className={css.form} onSubmit={(event) => void submit(event)}>
      <TextInput
        label={t('incidents.hand_title')}
        value={draft.title}
        maxLength={200}
        required
        data-autofocus
        onChange={(event) => change({ title: event.currentTarget.value })}
      />
      <Textarea
        label={t('incidents.hand_text')}
        value={draft.text}
        maxLength={4000}
        autosize
        minRows={3}
        required
        onChange={(event) => change({ text: event.currentTarget.value })}
      />
      <div className={css.pair}>
        <Select
          label={t('incidents.hand_level')}
          value={draft.level}
          allowDeselect={false}
          data={LEVELS.map((level) => ({ value: level, label: word('incidents', 'level', level) }))}
          onChange={(level) => change({ level: (level as Level) ?? 'medium' })}
        />
        <Select
          label={t('incidents.hand_team')}
          value={draft.team ?? teams[0] ?? null}
          required
          allowDeselect={false}
          data={teams}
          onChange={(team) => change({ team })}
        />
      </div>
      <Select
        label={t('incidents.hand_site')}
        value={draft.site}
        clearable
        data={sites.map((id) => ({ value: id, label: directory.siteName(id) }))}
        onChange={(site) => change({ site })}
      />
      <MultiSelect
        label={t('incidents.hand_entities')}
        value={draft.entities}
        searchable
        limit={30}
        data={about}
        maxValues={20}
        onChange={(entities) => change({ entities })}
        nothingFoundMessage={t('shell.palette_none')}
      />
      <FormFoot label={t('incidents.hand_open')} close={closeDialog} isBusy={isBusy} />
    </form>
  )
}
