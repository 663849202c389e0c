import { Alert, Button } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { t } from '../text'
import parts from './parts.module.css'

interface Props {
  /** On the button that does it. */
  label: string
  close: () => void
  isBusy?: boolean
  isReady?: boolean
  color?: string
  /** Why it was not done. */
  refusal?: string
}

/** The end of a form in a dialog: why it failed, the way out, and the way on. */
export function FormFoot({ label, close, isBusy, isReady = true, color, refusal }: Props) {
  return (
    <>
      {refusal && (
        <Alert color="red" icon={<IconAlertTriangle size={18} />} role="alert">
          {refusal}
        </Alert>
      )}
      <div className={parts.formEnd}>
        <Button variant="default" onClick={close}>
          {t('shell.cancel')}
        </Button>
        <Button type="submit" loading={isBusy} disabled={!isReady} color={color}>
          {label}
        </Button>
      </div>
    </>
  )
}
