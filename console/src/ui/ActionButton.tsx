import { Button, Kbd, Tooltip, type ButtonProps } from '@mantine/core'
import type { ReactNode } from 'react'
import type { ActionOffer } from '../api/types'
import { t } from '../text'
import css from './ui.module.css'

interface Props extends ButtonProps {
  /** What the server says about it; absent means that it does not offer it. */
  offer: ActionOffer | { allowed: boolean; reason?: string } | undefined
  onPress: () => void
  shortcut?: string
  children: ReactNode
}

/** The server's reason why not, in words. */
export function refusalOf(offer: Props['offer']): string | undefined {
  if (!offer) return t('shell.not_offered')
  if (offer.allowed) return undefined
  if ('refusal' in offer && offer.refusal) return offer.refusal.message
  return offer.reason ?? t('shell.not_allowed')
}

/** A button for what the server offers; what it does not is shown with its reason. */
export function ActionButton({ offer, onPress, shortcut, children, ...rest }: Props) {
  const refusal = refusalOf(offer)
  const button = (
    <Button
      {...rest}
      className={css.act}
      onClick={refusal ? undefined : onPress}
      data-disabled={refusal ? true : undefined}
      aria-disabled={refusal ? true : undefined}
      rightSection={
        shortcut && (
          <Kbd className={css.kbd} aria-hidden>
            {shortcut}
          </Kbd>
        )
      }
    >
      {children}
    </Button>
  )
  return refusal ? (
    <Tooltip label={refusal} multiline maw={320} openDelay={100}>
      {button}
    </Tooltip>
  ) : (
    button
  )
}
