import { ActionIcon, Checkbox, Menu, TextInput, Tooltip } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconBookmark, IconTrash, IconUsers } from '@tabler/icons-react'
import { useState, type FormEvent } from 'react'
import { call } from '../../api/client'
import { asProblem } from '../../api/problem'
import type { SavedView } from '../../api/types'
import { FormFoot } from '../../parts/FormFoot'
import { useReading } from '../../parts/reading'
import parts from '../../parts/parts.module.css'
import { t } from '../../text'
import { Dialog } from '../../ui/Dialog'

interface Props {
  text: string
  isLive: boolean
  setText: (text: string) => void
}

const addressOf = (name: string) => `/v1/views/${encodeURIComponent(name)}`

/** The operator's saved searches; absent where the server keeps none. */
export function Saved({ text, isLive, setText }: Props) {
  const { data, problem, again } = useReading<SavedView[]>('/v1/views')
  const [isNaming, setNaming] = useState(false)
  if (!data || problem) return null
  const views = data.filter((view) => view.kind === 'events')
  const remove = async (view: SavedView) => {
    try {
      await call('DELETE', addressOf(view.name))
    } catch (thrown) {
      notifications.show({ color: 'red', message: asProblem(thrown).detail })
    }
    again()
  }
  return (
    <>
      <Menu>
        <Menu.Target>
          <Tooltip label={t('events.saved')}>
            <ActionIcon size="lg" aria-label={t('events.saved')}>
              <IconBookmark size={16} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown maw={360}>
          <Menu.Label>{t('events.saved')}</Menu.Label>
          {views.length === 0 && <Menu.Item disabled>{t('events.saved_none')}</Menu.Item>}
          {views.map((view) => (
            <Menu.Item
              key={view.name}
              onClick={() => setText(view.query)}
              rightSection={
                view.shared && <IconUsers size={13} aria-label={t('events.saved_shared')} />
              }
            >
              <bdi className={`cut ${parts.block}`}>{view.name.slice(0, 120)}</bdi>
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item disabled={text === '' || isLive} onClick={() => setNaming(true)}>
            {t('events.save_this')}
          </Menu.Item>
          {views
            .filter((view) => view.query === text)
            .map((view) => (
              <Menu.Item
                key={view.name}
                color="red"
                leftSection={<IconTrash size={13} />}
                onClick={() => void remove(view)}
              >
                {t('events.saved_remove', { name: view.name.slice(0, 60) })}
              </Menu.Item>
            ))}
        </Menu.Dropdown>
      </Menu>
      {isNaming && <Naming text={text} close={() => setNaming(false)} done={again} />}
    </>
  )
}

function Naming({ text, close, done }: { text: string; close: () => void; done: () => void }) {
  const [name, setName] = useState('')
  const [isShared, setShared] = useState(false)
  const [refusal, setRefusal] = useState<string>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      const json = { name: name.trim(), kind: 'events', query: text, shared: isShared }
      await call('PUT', addressOf(name.trim()), { json })
      done()
      close()
    } catch (thrown) {
      setRefusal(asProblem(thrown).detail)
    }
  }
  return (
    <Dialog close={close} title={t('events.save_this')} size={420}>
      <form className={parts.form} onSubmit={(event) => void submit(event)}>
        <TextInput
          label={t('events.saved_name')}
          value={name}
          maxLength={80}
          data-autofocus
          error={refusal}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Checkbox
          label={t('events.saved_for_team')}
          checked={isShared}
          onChange={(event) => setShared(event.currentTarget.checked)}
        />
        <FormFoot label={t('shell.save')} close={close} isReady={name.trim() !== ''} />
      </form>
    </Dialog>
  )
}
