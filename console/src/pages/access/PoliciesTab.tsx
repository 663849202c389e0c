import { Button, Select, TextInput } from '@mantine/core'
import { IconFilePlus, IconForms } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState, type ReactNode } from 'react'
import { call } from '../../api/client'
import { asProblem } from '../../api/problem'
import { CodeArea, type CodeField } from '../../mend/CodeArea'
import type { Fault } from '../../mend/mapping'
import mend from '../../mend/mend.module.css'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { Answered } from '../../parts/Table'
import { useReading } from '../../parts/reading'
import { useRight } from '../../session/session'
import { t } from '../../text'
import { ActionButton } from '../../ui/ActionButton'
import { Pane } from '../../ui/Pane'
import { useUrl } from '../../url'
import { withPolicy } from './compose'
import { PolicyForm } from './PolicyForm'
import type { Change, PolicyItem } from './rights'
import { WhatIfPane } from './WhatIf'
import css from './access.module.css'

const NEW_FILE = 'house.cedar'

/** The house's own policies, as text and by form; what a draft would change is tried before. */
export function PoliciesTab({ head }: { head: ReactNode }) {
  const asked = useReading<readonly PolicyItem[]>('/v1/access/policies')
  return (
    <Pane title={t('access.policies')} readAt={asked.readAt} isFlush head={head}>
      <Answered asked={asked}>{(list) => <Files list={list} />}</Answered>
    </Pane>
  )
}

function Files({ list }: { list: readonly PolicyItem[] }) {
  const [url, setUrl] = useUrl()
  const [fresh, setFresh] = useState<string>()
  const names = [...list.map(({ file }) => file), ...(fresh ? [fresh] : [])]
  const file = names.find((one) => one === url.file) ?? names[0] ?? NEW_FILE
  const kept = list.find((one) => one.file === file)?.text ?? ''
  return (
    <>
      <div className={css.bar}>
        <Select
          aria-label={t('access.file')}
          value={file}
          allowDeselect={false}
          onChange={(value) => setUrl({ file: value ?? undefined })}
          data={names.length > 0 ? names : [NEW_FILE]}
        />
        <NewFile
          make={(name) => {
            setFresh(name)
            setUrl({ file: name })
          }}
        />
      </div>
      <Editor key={file} file={file} kept={kept} />
    </>
  )
}

function NewFile({ make }: { make: (name: string) => void }) {
  const [name, setName] = useState('')
  const full = name.endsWith('.cedar') ? name : `${name}.cedar`
  return (
    <span className={css.newFile}>
      <TextInput
        aria-label={t('access.new_file')}
        placeholder={t('access.new_file')}
        value={name}
        maxLength={60}
        onChange={(event) => setName(event.currentTarget.value.trim())}
      />
      <Button
        variant="default"
        disabled={!/^[a-z0-9][a-z0-9._-]*$/.test(name)}
        leftSection={<IconFilePlus size={16} aria-hidden />}
        onClick={() => make(full)}
      >
        {t('access.make')}
      </Button>
    </span>
  )
}

function Editor({ file, kept }: { file: string; kept: string }) {
  const [text, setText] = useState(kept)
  const [faults, setFaults] = useState<readonly Fault[]>([])
  const [open, setOpen] = useState<'save' | 'form'>()
  const [isTrying, setTrying] = useState(false)
  const field = useRef<CodeField>(null)
  const queries = useQueryClient()
  const right = useRight('access.edit')
  const isChanged = text !== kept
  const offer = isChanged
    ? { allowed: right.allowed, reason: right.reason ?? undefined }
    : { allowed: false, reason: t('access.nothing_changed') }
  const save = async (reason: string) => {
    try {
      const path = `/v1/access/policies/${encodeURIComponent(file)}`
      const change = await call<Change>('PUT', path, { json: { text, reason } })
      setFaults([])
      await queries.invalidateQueries({ queryKey: ['/v1/access/policies'] })
      return t('access.changed', { version: change.version, count: change.changes.length })
    } catch (thrown) {
      const told = asProblem(thrown).more.problems
      if (Array.isArray(told)) setFaults(told as Fault[])
      throw thrown
    }
  }
  return (
    <>
      <div className={css.editor}>
        <CodeArea
          ref={field}
          name={file}
          text={text}
          faults={faults}
          isReadOnly={!right.allowed}
          change={setText}
        />
        {faults.length > 0 && (
          <ul className={mend.faults}>
            {faults.map((fault) => (
              <li key={`${fault.line}:${fault.column} ${fault.message}`}>
                <button
                  type="button"
                  onClick={() => field.current?.goTo(fault.line ?? 1, fault.column ?? undefined)}
                >
                  <span className="num">{[fault.line, fault.column].filter(Boolean).join(':')}</span>
                  <bdi>{fault.message}</bdi>
                </button>
              </li>
            ))}
          </ul>
        )}
        <div className={css.editorFoot}>
          <Button
            variant="default"
            leftSection={<IconForms size={16} aria-hidden />}
            onClick={() => setOpen('form')}
          >
            {t('access.by_form')}
          </Button>
          <span className={css.grow} />
          <Button variant="default" onClick={() => setTrying(true)} disabled={!isChanged}>
            {t('access.what_if')}
          </Button>
          <ActionButton offer={offer} onPress={() => setOpen('save')}>
            {t('access.put_in_force')}
          </ActionButton>
        </div>
      </div>
      {isTrying && (
        <WhatIfPane draft={{ policies: [{ file, text }] }} close={() => setTrying(false)} />
      )}
      {open === 'save' && (
        <ReasonDialog
          title={t('access.put_in_force')}
          label={t('access.put_in_force')}
          close={() => setOpen(undefined)}
          run={save}
          isHarmless
        >
          <p>{t('access.put_in_force_text', { file })}</p>
        </ReasonDialog>
      )}
      {open === 'form' && (
        <PolicyForm
          close={() => setOpen(undefined)}
          put={(id, policy) => setText(withPolicy(text, id, policy))}
        />
      )}
    </>
  )
}
