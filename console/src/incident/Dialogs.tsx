import { Button, Modal } from '@mantine/core'
import { lazy, Suspense, useState, type FormEvent, type ReactNode } from 'react'
import { useExternal } from '../live/external'
import { t, type TextKey } from '../text'
import type { Act } from './acts'
import { closeDialog, dialog, type DialogKind, type OpenDialog } from './dialogs'
import css from './incident.module.css'
import { useActs } from './useActs'

const Forms = lazy(() => import('./DialogForms'))

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

/** The one place where dialogs of incidents stand, whoever opened them. */
export function Dialogs() {
  const now = useExternal(dialog)
  return (
    <Modal
      opened={now !== undefined}
      onClose={closeDialog}
      size={now?.kind === 'open' ? 560 : 460}
      title={now && t(TITLES[now.kind])}
      transitionProps={{ duration: 90 }}
    >
      {now && (
        <Suspense>
          <Forms open={now} />
        </Suspense>
      )}
    </Modal>
  )
}

/** What the dialog is about. */
function Subject({ list }: { list: OpenDialog['list'] }) {
  if (list.length === 0) return null
  const title = list.length === 1 ? list[0]!.title : ''
  return (
    <p className={css.subject}>
      <bdi>
        {list.length === 1 ? title : t('incidents.dialog_for', { count: list.length, title })}
      </bdi>
    </p>
  )
}

interface FormProps {
  list: OpenDialog['list']
  label: string
  color?: string
  /** The act, or nothing while the form is not filled. */
  act: () => Act | undefined
  children: ReactNode
  after?: () => void
}

/** A form that does one act to all; it stays open, with what was typed, when that fails. */
export function ActForm({ list, label, color, act, children, after }: FormProps) {
  const { many } = useActs()
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const wanted = act()
    if (!wanted || isBusy) return
    setBusy(true)
    const isDone = await many(list, wanted)
    setBusy(false)
    if (!isDone) return
    closeDialog()
    after?.()
  }
  return (
    <form onSubmit={(event) => void submit(event)} className={css.form}>
      <Subject list={list} />
      {children}
      <div className={css.formEnd}>
        <Button variant="default" onClick={closeDialog}>
          {t('shell.cancel')}
        </Button>
        <Button type="submit" loading={isBusy} color={color}>
          {label}
        </Button>
      </div>
    </form>
  )
}
