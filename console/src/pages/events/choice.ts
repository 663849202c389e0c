/** The event that is looked at. */
import { useCallback, useEffect, useRef, useState } from 'react'
import type { UrlState } from '../../url'

/** Keys may run ahead of the address, and of what stands beside the list, by this much. */
const FOLLOW_MS = 90

/** What the list marks at once, and how to choose; the address follows when the keys rest. */
export function useChoice(
  settled: string | undefined,
  setUrl: (change: UrlState) => void,
): [string | undefined, (event: string | undefined) => void] {
  const [ahead, setAhead] = useState<string>()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const isOpen = useRef(false)
  isOpen.current = settled !== undefined
  useEffect(() => {
    setAhead(undefined)
    return () => clearTimeout(timer.current)
  }, [settled])
  const choose = useCallback(
    (event: string | undefined) => {
      clearTimeout(timer.current)
      // The first opens at once, and so does nothing at all.
      if (event === undefined || !isOpen.current) {
        setAhead(undefined)
        setUrl({ event })
        return
      }
      setAhead(event)
      timer.current = setTimeout(() => setUrl({ event }), FOLLOW_MS)
    },
    [setUrl],
  )
  return [ahead ?? settled, choose]
}
