/** A stream of events for a page that shows them running by: bounded, pausable, one render a frame. */
import { External, onceAFrame } from './external'
import { Ring } from './ring'

export interface TailView<T> {
  /** Newest first. */
  rows: readonly T[]
  isPaused: boolean
  /** Arrived since the pause. */
  waiting: number
  /** All that ever arrived. */
  seen: number
  /** What the server had to skip because we were slow. */
  skipped: number
  isOpen: boolean
}

export class Tail<T> {
  private readonly ring: Ring<T>
  private stream: EventSource | undefined
  private isAsked = false
  private seen = 0
  private skipped = 0
  private seenAtPause = 0
  private isPaused = false
  readonly view = new External<TailView<T>>({
    rows: [],
    isPaused: false,
    waiting: 0,
    seen: 0,
    skipped: 0,
    isOpen: false,
  })

  constructor(
    private readonly address: string,
    private readonly name: string,
    private readonly parse: (data: string) => T | undefined,
    capacity: number,
  ) {
    this.ring = new Ring(capacity)
  }

  /** Opens the stream; returns what closes it. */
  readonly open = (): (() => void) => {
    let isDone = false
    const begin = () => {
      if (isDone) return
      const stream = new EventSource(this.address)
      this.stream = stream
      stream.onopen = () => this.flush()
      stream.addEventListener(this.name, (e) => this.take((e as MessageEvent<string>).data))
      stream.addEventListener('skipped', (e) => {
        this.skipped += Number((e as MessageEvent<string>).data) || 0
      })
      stream.onerror = () => {
        stream.close()
        this.flush()
        setTimeout(begin, 2_000)
      }
    }
    begin()
    return () => {
      isDone = true
      this.stream?.close()
    }
  }

  pause(isPaused: boolean): void {
    this.isPaused = isPaused
    this.seenAtPause = this.seen
    this.flush()
  }

  clear(): void {
    this.ring.clear()
    this.flush()
  }

  private take(data: string): void {
    const item = this.parse(data)
    if (item === undefined) return
    this.ring.push(item)
    this.seen += 1
    if (this.isAsked) return
    this.isAsked = true
    onceAFrame(() => {
      this.isAsked = false
      this.flush()
    })
  }

  private flush(): void {
    const before = this.view.get()
    this.view.set({
      rows: this.isPaused ? before.rows : this.ring.newest(),
      isPaused: this.isPaused,
      waiting: this.isPaused ? this.seen - this.seenAtPause : 0,
      seen: this.seen,
      skipped: this.skipped,
      isOpen: this.stream?.readyState === EventSource.OPEN,
    })
  }
}
