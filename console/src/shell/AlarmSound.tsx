import { useEffect, useMemo, useRef, useState } from 'react'
import type { Incident } from '../api/types'
import { incidents, isOpen } from '../live/incidents'
import { External, useExternal } from '../live/external'
import { isOfferedTo } from '../incident/filter'
import { useMe } from '../incident/useMe'
import { useDirectory } from '../org/organisation'
import { isMine, isUnheard } from '../panic/raised'
import { useSession } from '../session/session'
import { t } from '../text'

const KEPT = 'castellan.muted'
const REPEAT_MS = 2_500

export const isMuted = new External(localStorage.getItem(KEPT) === 'yes')

export function setMuted(muted: boolean): void {
  localStorage.setItem(KEPT, muted ? 'yes' : 'no')
  isMuted.set(muted)
}

let audio: AudioContext | undefined

/** Whether the browser lets nothing sound until somebody has clicked on the page. */
export const isBlocked = new External(false)

/** The way out, which the browser may keep shut. */
function opened(): AudioContext {
  if (!audio) {
    audio = new AudioContext()
    audio.onstatechange = () => isBlocked.set(audio?.state !== 'running')
  }
  isBlocked.set(audio.state !== 'running')
  if (audio.state !== 'running') audio.resume().catch(() => {})
  return audio
}

/** Asks for sound, as a click may; a short tone says that it is heard. */
export async function allowSound(): Promise<void> {
  const way = opened()
  await way.resume().catch(() => {})
  isBlocked.set(way.state !== 'running')
  if (way.state === 'running') chime()
}

/** Any act of the operator's may open it: a browser asks for no more. */
function openByAct(): () => void {
  const open = () => void opened()
  const acts = ['pointerdown', 'keydown'] as const
  for (const act of acts) window.addEventListener(act, open, { passive: true })
  return () => acts.forEach((act) => window.removeEventListener(act, open))
}

/** Two falling tones; heard in a room, not hated after an hour. */
function chime(): void {
  const audio = opened()
  // What could not sound when it was due would sound all at once when it may.
  if (audio.state !== 'running') return
  const begin = audio.currentTime
  for (const [hertz, after] of [
    [880, 0],
    [660, 0.18],
  ] as const) {
    const tone = audio.createOscillator()
    const loud = audio.createGain()
    tone.frequency.value = hertz
    loud.gain.setValueAtTime(0.0001, begin + after)
    loud.gain.exponentialRampToValueAtTime(0.18, begin + after + 0.02)
    loud.gain.exponentialRampToValueAtTime(0.0001, begin + after + 0.4)
    tone.connect(loud).connect(audio.destination)
    tone.start(begin + after)
    tone.stop(begin + after + 0.42)
  }
}

/** What waits for anybody's acknowledgement or for this operator, and what is offered to them. */
function useWaiting(): [waiting: Incident[], offered: Incident[]] {
  const { byId } = useExternal(incidents)
  const { operator } = useSession()
  const me = useMe()
  return useMemo(() => {
    const own = [operator.id, operator.person]
    const all = [...byId.values()].filter((i) => isOpen(i) && !isMine(i, own))
    const offered = all.filter((i) => isOfferedTo(i, me))
    const waiting = all.filter(
      (i) => (i.level === 'critical' && (i.state === 'new' || offered.includes(i))) || isUnheard(i),
    )
    return [waiting, offered]
  }, [byId, operator, me])
}

/** The window's title counts what sounds, muted or not, for who looks at another window. */
export function WindowTitle({ title }: { title: string }) {
  const [waiting] = useWaiting()
  const count = waiting.length > 0 ? `(${waiting.length}) ` : ''
  return <title>{`${count}${title} · Castellan`}</title>
}

/**
 * Sounds while a critical incident waits for anybody's acknowledgement, or for this operator to
 * accept it, in one window only.
 */
export function AlarmSound() {
  const muted = useExternal(isMuted)
  const directory = useDirectory()
  const [waiting, offered] = useWaiting()
  const blocked = useExternal(isBlocked)
  // A window that may not sound leaves it to one that may.
  const isDue = waiting.length > 0 && !muted && !blocked
  // Found out before the first incident is due, while somebody still sits down.
  useEffect(() => {
    if (muted) return
    opened()
    return openByAct()
  }, [muted])
  useEffect(() => {
    if (!isDue) return
    const stop = new AbortController()
    const ring = () =>
      new Promise<void>((done) => {
        chime()
        const timer = setInterval(chime, REPEAT_MS)
        stop.signal.addEventListener('abort', () => {
          clearInterval(timer)
          done()
        })
      })
    if (!navigator.locks) void ring()
    else navigator.locks.request('castellan-sound', { signal: stop.signal }, ring).catch(() => {})
    return () => stop.abort()
  }, [isDue])
  const titles = waiting.map(({ id, title }): Told => [id, t('shell.new_critical', { title })])
  const offers = offered.map(({ id, title, handling }): Told => {
    const name = directory.operatorName(handling?.offer?.by ?? '')
    return [`offer ${id}`, t('shell.new_offer', { name, title })]
  })
  return <Announcer titles={[...titles, ...offers]} />
}

type Told = [id: string, text: string]

/** The one polite voice: new critical incidents, hand-overs to this operator, and nothing else. */
function Announcer({ titles }: { titles: Told[] }) {
  const told = useRef<Set<string>>(undefined)
  const [text, setText] = useState('')
  const key = titles.map(([id]) => id).join()
  useEffect(() => {
    const fresh = titles.filter(([id]) => !told.current?.has(id))
    told.current = new Set(titles.map(([id]) => id))
    if (fresh.length > 0) {
      setText(fresh.map(([, told]) => told).join('; '))
    }
    // The list is a new one on every render; its ids say whether it changed.
  }, [key])
  return (
    <div className="hush" aria-live="polite">
      {text}
    </div>
  )
}
