/** Keys: who hears them, what they are called, and when they must stay quiet. */
import { useEffect, useRef } from 'react'
import { External } from '../live/external'

export interface Binding {
  /** As `KeyboardEvent.key` says it: `j`, `Enter`, `?`; or two in a row: `g o`; or `mod+k`. */
  keys: string
  /** What it does, in words. */
  label: string
  /** Under which heading the sheet lists it. */
  group: string
  run: (event: KeyboardEvent) => void
  /** Heard while somebody types, too. */
  isGlobal?: boolean
  /** What the sheet shows for a row of keys, such as `1–9`. */
  shownAs?: string
  /** A second key for what another one does: not on the sheet. */
  isHidden?: boolean
}

interface Layer {
  order: number
  bindings: () => Binding[]
}

const layers: Layer[] = []
let order = 0
let prefix: string | undefined
let prefixTimer: ReturnType<typeof setTimeout> | undefined
/** The first key of two, while we wait for the second. */
export const pendingKey = new External<string | undefined>(undefined)
const PREFIX_WAIT_MS = 1_500

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable) return true
  if (target instanceof HTMLInputElement) {
    return !['checkbox', 'radio', 'button', 'submit', 'range'].includes(target.type)
  }
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}

/** A dialog or a menu is open: only it may hear keys. */
const isCovered = (): boolean =>
  document.querySelector('[role=dialog][aria-modal=true], [role=menu]') !== null

/** Something lay on top when Escape was pressed: it closes, and nothing below it hears the key. */
let hadOnTop = false
function looked(event: KeyboardEvent): void {
  hadOnTop =
    event.key === 'Escape' && document.querySelector('[role=dialog], [role=menu]') !== null
}

/** Keys that a button or a link answers itself when it has the focus. */
function isOwnKey(event: KeyboardEvent): boolean {
  if (event.key !== 'Enter' && event.key !== ' ') return false
  const target = event.target
  return (
    target instanceof HTMLElement &&
    target.closest('button, a, summary, [role=tab], [role=radio], label, input') !== null
  )
}

function setPrefix(key: string | undefined): void {
  clearTimeout(prefixTimer)
  prefix = key
  pendingKey.set(key)
  if (key) prefixTimer = setTimeout(() => setPrefix(undefined), PREFIX_WAIT_MS)
}

function spelled(event: KeyboardEvent): string {
  const mod = event.ctrlKey || event.metaKey
  const key = event.key.length === 1 && mod ? event.key.toLowerCase() : event.key
  return mod ? `mod+${key}` : key
}

/** The bindings in force, innermost first. */
export function bindings(): Binding[] {
  return [...layers].sort((a, b) => b.order - a.order).flatMap((layer) => layer.bindings())
}

function heard(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.altKey) return
  const typing = isTyping(event.target)
  const key = spelled(event)
  const all = bindings()
  const global = all.find((b) => b.isGlobal && b.keys === key)
  if (global) {
    event.preventDefault()
    global.run(event)
    return
  }
  if (typing || hadOnTop || isCovered() || isOwnKey(event)) return
  const wanted = prefix ? `${prefix} ${key}` : key
  const hit = all.find((binding) => binding.keys === wanted)
  if (hit) {
    setPrefix(undefined)
    event.preventDefault()
    hit.run(event)
    return
  }
  if (!prefix && all.some((binding) => binding.keys.startsWith(`${key} `))) setPrefix(key)
  else if (prefix && key !== 'Shift') setPrefix(undefined)
}

let isListening = false

/** Offers keys while the component stands; those of the innermost component win. */
export function useKeys(list: Binding[]): void {
  const newest = useRef(list)
  newest.current = list
  useEffect(() => {
    if (!isListening) {
      isListening = true
      // Before what is on top closes itself.
      window.addEventListener('keydown', looked, true)
      window.addEventListener('keydown', heard)
    }
    order += 1
    const layer: Layer = { order, bindings: () => newest.current }
    layers.push(layer)
    return () => {
      layers.splice(layers.indexOf(layer), 1)
    }
  }, [])
}
