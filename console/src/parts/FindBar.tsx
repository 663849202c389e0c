import { ActionIcon, TextInput } from '@mantine/core'
import { IconSearch, IconX } from '@tabler/icons-react'
import type { ReactNode, Ref } from 'react'
import { t } from '../text'
import { useUrl } from '../url'
import parts from './parts.module.css'

interface Props {
  label: string
  hint: string
  field: Ref<HTMLInputElement>
  /** What narrows it beside the words. */
  children?: ReactNode
}

/** Narrows a page's list; what is looked for stands in the address. */
export function FindBar({ label, hint, field, children }: Props) {
  const [url, setUrl] = useUrl()
  return (
    <div className={parts.bar}>
      <TextInput
        ref={field}
        size="sm"
        value={url.find ?? ''}
        aria-label={label}
        dir="auto"
        placeholder={hint}
        leftSection={<IconSearch size={15} aria-hidden />}
        onChange={(event) => setUrl({ find: event.currentTarget.value })}
        rightSection={
          url.find && (
            <ActionIcon
              size="sm"
              aria-label={t('events.clear_filter')}
              onClick={() => setUrl({ find: undefined })}
            >
              <IconX size={14} />
            </ActionIcon>
          )
        }
      />
      {children}
    </div>
  )
}
