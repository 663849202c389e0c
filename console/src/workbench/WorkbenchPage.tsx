import { ActionIcon, Alert, Button, Tooltip } from '@mantine/core'
import { IconArrowLeft, IconDeviceFloppy } from '@tabler/icons-react'
import { useState } from 'react'
import { asProblem } from '../api/problem'
import { useKeys } from '../keys/keys'
import { CodeArea } from '../mend/CodeArea'
import { faultsIn, type Fault } from '../mend/mapping'
import { Mark } from '../parts/Facts'
import { ReasonDialog } from '../parts/ReasonDialog'
import { useRight } from '../session/session'
import { t, word } from '../text'
import { ActionButton } from '../ui/ActionButton'
import { ProblemNote, Waiting } from '../ui/Notes'
import { Pane } from '../ui/Pane'
import { useUrl } from '../url'
import { Checks } from './Checks'
import { NEW, removeRule, saveRule } from './draft'
import { ReplayPanel } from './ReplayPanel'
import { useDraft, type Draft } from './useDraft'
import css from './workbench.module.css'

const NONE: readonly Fault[] = []

/** A rule's text and cases, what a check says of them, and what they would have said earlier. */
export default function WorkbenchPage() {
  const [url, setUrl] = useUrl()
  const id = url.draft ?? NEW
  const draft = useDraft(id)
  const [open, setOpen] = useState<'save' | 'remove'>()
  const [isGone, setGone] = useState(false)
  const edit = useRight('rule.edit')
  const mayEdit = draft.rule?.may_edit ?? edit
  const back = id === NEW ? undefined : id
  const close = () => {
    if (isGone) draft.saved()
    setUrl({ draft: undefined, run: undefined, id: isGone ? undefined : back }, true)
  }
  useKeys([
    {
      keys: 'mod+s',
      label: t('detections.save'),
      group: t('detections.workbench'),
      isGlobal: true,
      run: () => draft.isChanged && mayEdit.allowed && setOpen('save'),
    },
  ])
  return (
    <div className={css.page}>
      <Pane
        title={id === NEW ? t('detections.new') : t('detections.draft_of', { name: id })}
        isFlush
        head={
          <>
            <Tooltip label={t('detections.back')}>
              <ActionIcon aria-label={t('detections.back')} onClick={close}>
                <IconArrowLeft size={16} />
              </ActionIcon>
            </Tooltip>
            {draft.rule && (
              <Mark tone={draft.rule.origin === 'house' ? 'accent' : undefined}>
                {word('detections', 'origin', draft.rule.origin)}
              </Mark>
            )}
          </>
        }
      >
        {draft.problem ? (
          <ProblemNote error={draft.problem} />
        ) : !draft.isReady ? (
          <Waiting />
        ) : (
          <div
            className={css.scroll}
            tabIndex={0}
            role="group"
            aria-label={t('detections.workbench')}
          >
            <Overtaken draft={draft} />
            <div className={css.bar}>
              <span className="mono dim cut">{draft.paths.rule}</span>
              <Tools draft={draft} mayEdit={mayEdit} setOpen={setOpen} />
            </div>
            <Editors draft={draft} isReadOnly={!mayEdit.allowed && !draft.rule?.may_try.allowed} />
            <Checks draft={draft} />
            <ReplayPanel draft={draft} />
          </div>
        )}
      </Pane>
      {open === 'save' && <SaveDialog id={id} draft={draft} close={() => setOpen(undefined)} />}
      {open === 'remove' && draft.rule && (
        <ReasonDialog
          title={t('detections.remove')}
          label={t('detections.remove')}
          close={() => (isGone ? close() : setOpen(undefined))}
          run={async (reason) => {
            await removeRule(id, reason, draft.rule!.version)
            setGone(true)
            return t('detections.removed')
          }}
        >
          <p>{t('detections.remove_text')}</p>
        </ReasonDialog>
      )}
    </div>
  )
}

function Tools({
  draft,
  mayEdit,
  setOpen,
}: {
  draft: Draft
  mayEdit: { allowed: boolean; reason?: string | null }
  setOpen: (open: 'save' | 'remove') => void
}) {
  const offer = { allowed: mayEdit.allowed, reason: mayEdit.reason ?? undefined }
  const nothing = { allowed: false, reason: t('detections.nothing_changed') }
  return (
    <span className={css.tools}>
      {draft.rule?.origin === 'house' && (
        <ActionButton
          size="compact-sm"
          variant="default"
          offer={offer}
          onPress={() => setOpen('remove')}
        >
          {t('detections.remove')}
        </ActionButton>
      )}
      {draft.isChanged && draft.rule && (
        <Button size="compact-sm" variant="default" onClick={draft.reset}>
          {t('detections.discard')}
        </Button>
      )}
      <ActionButton
        size="compact-sm"
        variant={draft.isChanged ? 'filled' : 'default'}
        offer={offer.allowed && !draft.isChanged ? nothing : offer}
        leftSection={<IconDeviceFloppy size={14} />}
        shortcut="Ctrl S"
        onPress={() => setOpen('save')}
      >
        {t('detections.save')}
      </ActionButton>
    </span>
  )
}

function Overtaken({ draft }: { draft: Draft }) {
  if (!draft.isOvertaken) return null
  return (
    <Alert color="yellow" className={css.notice} role="alert">
      {t('detections.overtaken')}{' '}
      <Button size="compact-xs" variant="default" onClick={draft.reset}>
        {t('detections.take_theirs')}
      </Button>{' '}
      <Button size="compact-xs" variant="default" onClick={draft.rebase}>
        {t('detections.keep_mine')}
      </Button>
    </Alert>
  )
}

function Editors({ draft, isReadOnly }: { draft: Draft; isReadOnly: boolean }) {
  return (
    <div className={css.editors}>
      {(['rule', 'cases'] as const).map((of) => {
        const faults = draft.faults.filter((fault) => fault.file === draft.paths[of])
        return (
          <section key={of} className={css.file} aria-label={t(`detections.text_${of}`)}>
            <h3 className={css.fileName}>{t(`detections.text_${of}`)}</h3>
            <CodeArea
              name={t(`detections.text_${of}`)}
              text={draft.texts[of]}
              faults={draft.isEarlier ? NONE : faults}
              isReadOnly={isReadOnly}
              change={(text) => draft.change(of, text)}
            />
          </section>
        )
      })}
    </div>
  )
}

/** Puts what is in the fields into force, for a typed reason. */
function SaveDialog({ id, draft, close }: { id: string; draft: Draft; close: () => void }) {
  const [, setUrl] = useUrl()
  const [refused, setRefused] = useState<readonly Fault[]>(NONE)
  const [savedAs, setSavedAs] = useState<string>()
  const run = async (reason: string) => {
    const found = draft.checked?.rules ?? []
    const own = found.find((rule) => rule.id === id) ?? found.find((rule) => rule.is_reported)
    const name = own?.id ?? found[0]?.id ?? id
    setRefused(NONE)
    try {
      const { version } = await saveRule(name, draft.files, draft.base, reason)
      setSavedAs(name)
      draft.saved({ name, version })
    } catch (thrown) {
      setRefused(faultsIn(asProblem(thrown)))
      throw thrown
    }
    return t('detections.saved', { name })
  }
  // The page of the rule under its own name is another page: not before this has been read.
  const leave = () => {
    close()
    if (savedAs && savedAs !== id) setUrl({ draft: savedAs }, true)
  }
  return (
    <ReasonDialog
      title={t('detections.save')}
      label={t('detections.save')}
      close={leave}
      run={run}
      isHarmless
    >
      <p>{t('detections.save_text')}</p>
      {refused.slice(0, 5).map((fault, at) => (
        <p key={at} className={css.bad}>
          <span className="mono">{fault.file}</span> <bdi>{fault.message}</bdi>
        </p>
      ))}
    </ReasonDialog>
  )
}
