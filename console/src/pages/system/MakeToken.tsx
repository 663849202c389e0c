import {
  Alert,
  Button,
  Checkbox,
  CopyButton,
  MultiSelect,
  Select,
  Stack,
  TextInput,
} from '@mantine/core'
import { IconCheck, IconCopy, IconKey } from '@tabler/icons-react'
import { useState, type FormEvent } from 'react'
import { api, body } from '../../api/client'
import { asProblem } from '../../api/problem'
import type { SourceItem } from '../../api/types'
import { FormFoot } from '../../parts/FormFoot'
import parts from '../../parts/parts.module.css'
import { useReading } from '../../parts/reading'
import { t } from '../../text'
import { Dialog } from '../../ui/Dialog'
import { serverNow } from '../../time/clock'
import css from './system.module.css'

const SCOPES = ['ingest', 'evaluate', 'read', 'names', 'operate', 'admin'] as const
const DAYS = ['7', '30', '90', '365']

/** Makes a token; what it is can be seen this once. */
export function MakeToken({ close, done }: { close: () => void; done: () => void }) {
  const [label, setLabel] = useState('')
  const [scopes, setScopes] = useState<string[]>(['ingest'])
  const [own, setOwn] = useState<string[]>([])
  const [days, setDays] = useState('90')
  const [secret, setSecret] = useState<string>()
  const [refusal, setRefusal] = useState<string>()
  const sources = useReading<SourceItem[]>('/v1/sources')
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setRefusal(undefined)
    try {
      const expires_at = new Date(serverNow() + Number(days) * 86_400_000).toISOString()
      const made = await body(
        api.POST('/v1/tokens', {
          body: {
            label: label.trim(),
            scopes,
            expires_at,
            ...(own.length > 0 ? { sources: own } : {}),
          },
        }),
      )
      setSecret(made.token)
      done()
    } catch (thrown) {
      setRefusal(asProblem(thrown).detail)
    }
  }
  if (secret) return <Made secret={secret} close={close} />
  return (
    <Dialog close={close} title={t('system.make_token')} size={460}>
      <form className={parts.form} onSubmit={(event) => void submit(event)}>
        <TextInput
          label={t('system.label')}
          description={t('system.label_hint')}
          value={label}
          maxLength={100}
          data-autofocus
          onChange={(event) => setLabel(event.currentTarget.value)}
        />
        <Checkbox.Group label={t('system.scopes')} value={scopes} onChange={setScopes}>
          <Stack mt={6} gap={9}>
            {SCOPES.map((scope) => (
              <Checkbox key={scope} value={scope} label={t(`system.scope_${scope}`)} />
            ))}
          </Stack>
        </Checkbox.Group>
        <MultiSelect
          label={t('system.sources')}
          value={own}
          onChange={setOwn}
          searchable
          clearable
          placeholder={own.length === 0 ? t('system.every_source') : undefined}
          data={(sources.data ?? []).map(({ id }) => id)}
        />
        <Select
          label={t('system.valid_for')}
          value={days}
          allowDeselect={false}
          onChange={(value) => setDays(value ?? '90')}
          data={DAYS.map((value) => ({ value, label: t('system.days', { count: Number(value) }) }))}
        />
        <FormFoot
          label={t('system.make_token')}
          close={close}
          isReady={label.trim() !== '' && scopes.length > 0}
          refusal={refusal}
        />
      </form>
    </Dialog>
  )
}

function Made({ secret, close }: { secret: string; close: () => void }) {
  const [isTaken, setTaken] = useState(false)
  return (
    <Dialog
      close={close}
      title={t('system.token_made')}
      size={500}
      closeOnClickOutside={false}
      closeOnEscape={isTaken}
      withCloseButton={isTaken}
    >
      <div className={parts.form}>
        <Alert color="yellow" icon={<IconKey size={18} />}>
          {t('system.token_once')}
        </Alert>
        <code className={css.secret}>{secret}</code>
        <div className={parts.formEnd}>
          <CopyButton value={secret}>
            {({ copied, copy }) => (
              <Button
                variant="default"
                leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
                onClick={() => {
                  copy()
                  setTaken(true)
                }}
              >
                {copied ? t('events.copied') : t('events.copy')}
              </Button>
            )}
          </CopyButton>
          <Button onClick={close}>{t('system.token_kept')}</Button>
        </div>
      </div>
    </Dialog>
  )
}
