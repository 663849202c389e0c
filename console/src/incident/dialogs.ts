/** Which dialog stands open, and for which incidents. */
import { External } from '../live/external'
import type { Incident } from '../api/types'

export type DialogKind =
  'assign' | 'escalate' | 'offer' | 'decline' | 'resolve' | 'reopen' | 'snooze' | 'merge' | 'open'

export interface OpenDialog {
  kind: DialogKind
  list: readonly Incident[]
}

export const dialog = new External<OpenDialog | undefined>(undefined)

export const openDialog = (kind: DialogKind, list: readonly Incident[] = []): void =>
  dialog.set({ kind, list })
export const closeDialog = (): void => dialog.set(undefined)
