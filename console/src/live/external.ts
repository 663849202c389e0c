import { useSyncExternalStore } from 'react'

/** A value outside React. Readers are told at most once per animation frame. */
export class External<T> {
  private readonly listeners = new Set<() => void>()
  private isAsked = false

  constructor(private value: T) {}

  readonly get = (): T => this.value

  set(value: T): void {
    if (Object.is(value, this.value)) return
    this.value = value
    this.tell()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private tell(): void {
    if (this.isAsked) return
    this.isAsked = true
    onceAFrame(() => {
      this.isAsked = false
      for (const listener of this.listeners) listener()
    })
  }
}

/** Runs on the next frame; in a hidden window, where no frame comes, soon after. */
export function onceAFrame(run: () => void): void {
  if (typeof document === 'undefined' || document.hidden) setTimeout(run, 50)
  else requestAnimationFrame(run)
}

/** Reads a value, rendering again when it changes. */
export function useExternal<T>(store: External<T>): T {
  return useSyncExternalStore(store.subscribe, store.get, store.get)
}
