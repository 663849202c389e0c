/** The newest so many of a stream; what falls out at the far end is counted. */
export class Ring<T> {
  private readonly slots: T[] = []
  private next = 0
  /** How many have been pushed out since the start. */
  fallen = 0

  constructor(readonly capacity: number) {
    if (capacity < 1) throw new RangeError('a ring holds at least one')
  }

  get size(): number {
    return this.slots.length
  }

  push(item: T): void {
    if (this.slots.length < this.capacity) {
      this.slots.push(item)
      return
    }
    this.slots[this.next] = item
    this.next = (this.next + 1) % this.capacity
    this.fallen += 1
  }

  /** Newest first. */
  newest(): T[] {
    const oldestFirst = [...this.slots.slice(this.next), ...this.slots.slice(0, this.next)]
    return oldestFirst.reverse()
  }

  clear(): void {
    this.slots.length = 0
    this.next = 0
    this.fallen = 0
  }
}
