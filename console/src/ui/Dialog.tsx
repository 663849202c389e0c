import { Modal, type ModalProps } from '@mantine/core'
import { useEffect, useRef, type ReactNode } from 'react'
import { t } from '../text'

interface Props extends Omit<ModalProps, 'opened' | 'onClose' | 'title' | 'children'> {
  title: ReactNode
  close: () => void
  children: ReactNode
}

/**
 * What had the focus: for an item of a menu, which goes with its menu, the button that opened it.
 */
function opener(): HTMLElement | undefined {
  const now = document.activeElement
  const menu = now?.closest('[role=menu]')
  const found = menu ? document.querySelector(`[aria-controls="${menu.id}"]`) : now
  return found instanceof HTMLElement && found !== document.body ? found : undefined
}

/**
 * A dialog that stands as long as it is rendered. The focus begins where `data-autofocus` is,
 * stays inside, and goes back to where it was; Escape closes.
 */
export function Dialog({ title, close, children, ...rest }: Props) {
  const before = useRef<HTMLElement>(undefined)
  before.current ??= opener()
  useEffect(
    () => () => {
      const back = before.current
      // After the dialog is gone, and only if nobody has taken the focus since.
      setTimeout(() => {
        const isFree = !document.activeElement || document.activeElement === document.body
        if (isFree && back?.isConnected) back.focus({ preventScroll: true })
      })
    },
    [],
  )
  return (
    <Modal
      opened
      onClose={close}
      title={title}
      returnFocus={false}
      transitionProps={{ duration: 90 }}
      closeButtonProps={{ 'aria-label': t('shell.close') }}
      {...rest}
    >
      {children}
    </Modal>
  )
}
