import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ReasonDialog } from '../../parts/ReasonDialog'
import { t } from '../../text'
import type { Change } from './rights'

interface Props {
  /** On the button, and what the dialog is called. */
  label: string
  /** Of what, behind the label. */
  of?: string
  children: ReactNode
  /** Makes the change; every one has its reason and is a version. */
  change: (reason: string) => Promise<Change>
  close: () => void
  isHarmless?: boolean
  /** What it needs beside the reason is there. */
  isReady?: boolean
  width?: number
}

/** A change of rights: what it does, why, and then the version that it is. */
export function ChangeDialog({ label, of, children, change, ...rest }: Props) {
  const queries = useQueryClient()
  return (
    <ReasonDialog
      title={of ? `${label}: ${of}` : label}
      label={label}
      run={async (reason) => {
        const { version, changes } = await change(reason)
        // What was read of rights is old now.
        void queries.invalidateQueries({
          predicate: ({ queryKey }) => String(queryKey[0]).startsWith('/v1/access/'),
        })
        return t('access.changed', { version, count: changes.length })
      }}
      {...rest}
    >
      {children}
    </ReasonDialog>
  )
}
