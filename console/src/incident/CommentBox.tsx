import { Textarea } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useEffect, useState, type FormEvent, type KeyboardEvent } from 'react'
import type { ActionOffer, Incident } from '../api/types'
import { t } from '../text'
import { ActionButton, refusalOf } from '../ui/ActionButton'
import css from './incident.module.css'
import { useActs } from './useActs'

const kept = (id: string) => `castellan.draft.comment.${id}`
/** The id of the field, for the key that leads to it. */
export const COMMENT_FIELD = 'incident-comment'

/** A word for the history. A draft outlives a lost link, an ended session and a reload. */
export function CommentBox({
  incident,
  offer,
}: {
  incident: Incident
  offer: ActionOffer | undefined
}) {
  const { one } = useActs()
  const isTouch = useMediaQuery('(max-width: 720px), (pointer: coarse)', false)
  const [text, setText] = useState('')
  const [isBusy, setBusy] = useState(false)
  const refusal = offer ? refusalOf(offer) : undefined
  useEffect(() => setText(sessionStorage.getItem(kept(incident.id)) ?? ''), [incident.id])
  const change = (value: string) => {
    setText(value)
    if (value) sessionStorage.setItem(kept(incident.id), value)
    else sessionStorage.removeItem(kept(incident.id))
  }
  const add = async () => {
    if (!text.trim() || isBusy || refusal) return
    setBusy(true)
    const isDone = await one(incident, { action: 'comment', text: text.trim() })
    setBusy(false)
    if (isDone) change('')
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void add()
  }
  const onKey = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void add()
    if (event.key === 'Escape') event.currentTarget.blur()
  }
  return (
    <form className={css.comment} onSubmit={submit}>
      <Textarea
        id={COMMENT_FIELD}
        aria-label={t('incidents.comment_label')}
        value={text}
        autosize
        minRows={1}
        maxRows={6}
        maxLength={4000}
        placeholder={refusal ?? t(isTouch ? 'incidents.comment_touch' : 'incidents.comment_hint')}
        disabled={refusal !== undefined}
        onKeyDown={onKey}
        className={css.commentField}
        onChange={(event) => change(event.currentTarget.value)}
      />
      {text.trim() && (
        <ActionButton offer={offer} onPress={() => void add()} loading={isBusy}>
          {t('incidents.comment_add')}
        </ActionButton>
      )}
    </form>
  )
}
