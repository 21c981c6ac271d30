/**
 * At most `max` holders at a time, in order of asking; none while suspended. Bounds the listener calls of a
 * consumer over all its queues. The line of waiters is as long as what the queues hold, which flow control
 * bounds.
 */
export class Turns {
  readonly #max: number
  #running = 0
  #suspended = false
  #waiting: ((taken: boolean) => void)[] = []
  #idle: (() => void)[] = []
  #closed = false

  constructor(max: number) {
    this.#max = max
  }

  get running(): number {
    return this.#running
  }

  get max(): number {
    return this.#max
  }

  /** Whether who holds a turn may begin something else in it. */
  get isOpen(): boolean {
    return !this.#suspended && !this.#closed
  }

  /** True when the caller holds a turn and owes a `release`; false when turns ended. */
  take(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false)
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#admit()
    })
  }

  release(): void {
    this.#running--
    this.#admit()
    if (this.#running > 0) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  suspend(): void {
    this.#suspended = true
  }

  resume(): void {
    this.#suspended = false
    this.#admit()
  }

  /** Nobody gets a turn any more; those who hold one keep it. */
  close(): void {
    this.#closed = true
    for (const resolve of this.#waiting.splice(0)) resolve(false)
  }

  /** Resolves when nobody holds a turn. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #admit(): void {
    let admitted = 0
    while (!this.#suspended && this.#running < this.#max && admitted < this.#waiting.length) {
      this.#running++
      this.#waiting[admitted++]?.(true)
    }
    if (admitted > 0) this.#waiting.splice(0, admitted)
  }
}
