import { useEffect, useMemo, useRef, useState } from 'react'
import { incidents, isOpen } from '../live/incidents'
import { External, useExternal } from '../live/external'
import { isMine } from '../panic/raised'
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

/** Two falling tones; heard in a room, not hated after an hour. */
function chime(): void {
  audio ??= new AudioContext()
  if (audio.state === 'suspended') void audio.resume()
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

/** Sounds while a critical incident waits for anybody's acknowledgement, in one window only. */
export function AlarmSound() {
  const { byId } = useExternal(incidents)
  const muted = useExternal(isMuted)
  const { operator } = useSession()
  const waiting = useMemo(() => {
    const me = [operator.id, operator.person]
    return [...byId.values()].filter(
      (i) => i.level === 'critical' && i.state === 'new' && isOpen(i) && !isMine(i, me),
    )
  }, [byId, operator])
  const isDue = waiting.length > 0 && !muted
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
  return <Announcer titles={waiting.map((incident) => [incident.id, incident.title])} />
}

/** The one polite voice: new critical incidents, and nothing else. */
function Announcer({ titles }: { titles: [id: string, title: string][] }) {
  const told = useRef<Set<string>>(undefined)
  const [text, setText] = useState('')
  const key = titles.map(([id]) => id).join()
  useEffect(() => {
    const fresh = titles.filter(([id]) => !told.current?.has(id))
    told.current = new Set(titles.map(([id]) => id))
    if (fresh.length > 0) {
      setText(t('shell.new_critical', { title: fresh.map(([, title]) => title).join('; ') }))
    }
    // The list is a new one on every render; its ids say whether it changed.
  }, [key])
  return (
    <div className="hush" aria-live="polite">
      {text}
    </div>
  )
}
