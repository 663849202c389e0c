import { lazy, Suspense, useState, type FormEvent, type ReactNode } from 'react'
import { useExternal } from '../live/external'
import { FormFoot } from '../parts/FormFoot'
import { t } from '../text'
import type { Act } from './acts'
import { closeDialog, dialog, type OpenDialog } from './dialogs'
import css from './incident.module.css'
import { useActs } from './useActs'

const Forms = lazy(() => import('./DialogForms'))

/** The one place where dialogs of incidents stand, whoever opened them. */
export function Dialogs() {
  const now = useExternal(dialog)
  // The dialog comes with its form, so that the focus begins in its first field.
  return (
    now && (
      <Suspense>
        <Forms open={now} />
      </Suspense>
    )
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
  /** The act, or nothing while the form is not filled. */
  act: () => Act | undefined
  children: ReactNode
  after?: () => void
  /** What is said where it is pressed before the form is filled; else the browser says it. */
  missing?: string
}

/** A form that does one act to all; it stays open, with what was typed, when that fails. */
export function ActForm({ list, label, act, children, after, missing }: FormProps) {
  const { many } = useActs()
  const [isBusy, setBusy] = useState(false)
  const [isTold, setTold] = useState(false)
  const lacks = isTold && !act() ? missing : undefined
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const wanted = act()
    setTold(!wanted)
    if (!wanted || isBusy) return
    setBusy(true)
    const isDone = await many(list, wanted)
    setBusy(false)
    if (!isDone) return
    closeDialog()
    after?.()
  }
  return (
    <form
      onSubmit={(event) => void submit(event)}
      className={css.form}
      noValidate={missing !== undefined}
    >
      <Subject list={list} />
      {children}
      <FormFoot label={label} close={closeDialog} isBusy={isBusy} refusal={lacks} />
    </form>
  )
}
