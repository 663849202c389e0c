/** The address follows the cursor, and windows that show parts of one desk follow each other. */
import { useEffect, useRef } from 'react'
import type { UrlState } from '../url'
import type { Cursor } from './IncidentList'

/** Keys may run ahead of the panes by this much. */
const FOLLOW_MS = 90
const CHANNEL = 'castellan-desk'

export function useFollow(
  cursor: Cursor,
  chosen: string | undefined,
  setUrl: (change: UrlState) => void,
  isOn = true,
): void {
  /** Addresses that the cursor has led to: they come back later than it has moved on. */
  const led = useRef(new Set<string>())
  const newest = useRef({ chosen, setUrl, isOn })
  newest.current = { chosen, setUrl, isOn }
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL)
    let timer: ReturnType<typeof setTimeout> | undefined
    const stop = cursor.at.subscribe(() => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        const key = cursor.at.get()
        if (
          !newest.current.isOn ||
          !key ||
          key.startsWith('group:') ||
          key === newest.current.chosen
        )
          return
        led.current.add(key)
        newest.current.setUrl({ i: key })
      }, FOLLOW_MS)
    })
    channel.onmessage = ({ data }) => {
      const id = data as string | undefined
      if (!newest.current.isOn || id === newest.current.chosen) return
      cursor.look(id)
      newest.current.setUrl({ i: id })
    }
    return () => {
      clearTimeout(timer)
      stop()
      channel.close()
    }
  }, [cursor])
  useEffect(() => {
    if (chosen === cursor.at.get()) led.current.clear()
    // A link, a button or the way back chose it: the row that stands out is the one shown beside.
    else if (chosen && !led.current.delete(chosen)) cursor.look(chosen)
  }, [chosen, cursor])
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL)
    channel.postMessage(chosen)
    channel.close()
  }, [chosen])
}
