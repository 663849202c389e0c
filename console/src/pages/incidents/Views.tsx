import { ActionIcon, Button, Checkbox, TextInput, UnstyledButton } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconBookmarkPlus, IconUsers, IconX } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { call, get } from '../../api/client'
import { asProblem } from '../../api/problem'
import type { SavedView } from '../../api/types'
import { viewQuery } from '../../incident/filter'
import { FormFoot } from '../../parts/FormFoot'
import { t, type TextKey } from '../../text'
import { Dialog } from '../../ui/Dialog'
import { parseQuery, useUrl, type UrlState } from '../../url'
import css from './incidents.module.css'

const OWN: { label: TextKey; query: string }[] = [
  { label: 'incidents.view_open', query: '' },
  { label: 'incidents.view_new', query: 'state=new' },
  { label: 'incidents.view_mine', query: 'owner=me' },
  { label: 'incidents.view_grave', query: 'level=high' },
  { label: 'incidents.view_done', query: 'state=resolved%2Cclosed' },
]

const EMPTY: UrlState = {
  state: undefined,
  level: undefined,
  owner: undefined,
  site: undefined,
  entity: undefined,
  rule: undefined,
  q: undefined,
  group: undefined,
}

/** Filters by name: the usual ones, the operator's own and the team's. */
export function Views() {
  const [url, setUrl] = useUrl()
  const queries = useQueryClient()
  const [isSaving, setSaving] = useState(false)
  const views = useQuery({
    queryKey: ['views'],
    queryFn: async ({ signal }) => {
      const all = await get<SavedView[]>('/v1/views', {}, signal)
      return all.filter((view) => view.kind === 'incidents')
    },
  })
  const remove = useMutation({
    mutationFn: (name: string) => call('DELETE', `/v1/views/${encodeURIComponent(name)}`),
    onError: (thrown) =>
      notifications.show({ message: asProblem(thrown).detail, color: 'red', withBorder: true }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['views'] }),
  })
  const now = viewQuery(url)
  const go = (query: string) => setUrl({ ...EMPTY, ...parseQuery(query) }, true)
  const isOwn =
    OWN.some((view) => view.query === now) || views.data?.some((view) => view.query === now)
  return (
    <div className={css.views} role="group" aria-label={t('incidents.views')}>
      {OWN.map((view) => (
        <UnstyledButton
          key={view.label}
          className={css.view}
          aria-pressed={view.query === now}
          onClick={() => go(view.query)}
        >
          {t(view.label)}
        </UnstyledButton>
      ))}
      {views.data && views.data.length > 0 && <span className={css.rule} aria-hidden />}
      {views.data?.map((view) => (
        <span key={view.name} className={css.saved}>
          <UnstyledButton
            className={css.view}
            aria-pressed={view.query === now}
            onClick={() => go(view.query)}
          >
            {view.shared && <IconUsers size={12} aria-label={t('incidents.view_shared')} />}
            <bdi>{view.name}</bdi>
          </UnstyledButton>
          {view.query === now && (
            <ActionIcon
              size="xs"
              aria-label={`${t('shell.remove')}: ${view.name}`}
              onClick={() => remove.mutate(view.name)}
            >
              <IconX size={12} />
            </ActionIcon>
          )}
        </span>
      ))}
      {!isOwn && views.isSuccess && (
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<IconBookmarkPlus size={14} />}
          onClick={() => setSaving(true)}
        >
          {t('incidents.view_save')}
        </Button>
      )}
      {isSaving && (
        <Dialog close={() => setSaving(false)} title={t('incidents.view_save')} size={400}>
          <SaveForm query={now} close={() => setSaving(false)} />
        </Dialog>
      )}
    </div>
  )
}

function SaveForm({ query, close }: { query: string; close: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  const save = useMutation({
    mutationFn: () =>
      call('PUT', `/v1/views/${encodeURIComponent(name.trim())}`, {
        json: { name: name.trim(), kind: 'incidents', query, shared },
      }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['views'] })
      close()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim()) save.mutate()
  }
  return (
    <form onSubmit={submit} className={css.form}>
      <TextInput
        label={t('incidents.view_name')}
        value={name}
        maxLength={80}
        required
        data-autofocus
        error={save.error && asProblem(save.error).detail}
        onChange={(e) => setName(e.currentTarget.value)}
      />
      <Checkbox
        label={t('incidents.view_shared')}
        checked={shared}
        onChange={(e) => setShared(e.currentTarget.checked)}
      />
      <FormFoot label={t('shell.save')} close={close} isBusy={save.isPending} />
    </form>
  )
}
