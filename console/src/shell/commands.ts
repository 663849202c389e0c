/** Commands that the page in view adds to the palette. */
import { useEffect } from 'react'
import { External } from '../live/external'

export interface PageCommand {
  key: string
  label: string
  hint?: string
  /** Absent: always. */
  isAllowed?: boolean
  run: () => void
}

export const pageCommands = new External<readonly PageCommand[]>([])

export const isCommandAllowed = (command: PageCommand): boolean => command.isAllowed !== false

/** Adds commands to the palette while the component stands. `list` must be memoised. */
export function usePageCommands(list: readonly PageCommand[]): void {
  useEffect(() => {
    pageCommands.set([...pageCommands.get(), ...list])
    return () => pageCommands.set(pageCommands.get().filter((command) => !list.includes(command)))
  }, [list])
}
