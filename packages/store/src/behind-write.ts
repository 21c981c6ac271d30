import type { Cancel, Clock } from '@rockhopper/env'

/** Turns of the loop within this time are one mark: so there are few of them, however busy the loop is. */
const MARK_MS = 10

export interface BehindWriteOptions {
  readonly clock: Clock
  waitMsMax(): number
  overdue(from: number, waitedMs: number): void
}

/** Up to `end` it was placed at `at` or later. */
interface Mark {
  readonly at: number
  end: number
}

/**
 * The age of what is placed behind a write under way. A write that takes long is a disk that cannot follow:
 * what has waited too long behind it was seen by nobody and is given up, so that its senders hear of it
 * while they still listen. The write itself goes on, and what it takes is acknowledged, however late.
 *
 *     written ... [write under way) ... waits, up to waitMsMax ... placed
 */
export class BehindWrite {
  readonly #options: BehindWriteOptions
  readonly #marks: Mark[] = []
  #write: { readonly since: number; readonly end: number } | undefined
  #cancel: Cancel | undefined

  constructor(options: BehindWriteOptions) {
    this.#options = options
  }

  get writingMs(): number {
    return this.#write === undefined ? 0 : this.#options.clock.monotonic() - this.#write.since
  }

  /** A write begins that takes the log up to `end`. */
  begin(end: number): void {
    this.#write = { since: this.#options.clock.monotonic(), end }
    while (this.#marks.length > 0 && (this.#marks[0] as Mark).end <= end) this.#marks.shift()
    if (this.#marks.length === 0) this.#disarm()
  }

  end(): void {
    this.#write = undefined
  }

  /** The log ends here now, and some of it may wait for the write. */
  placedUpTo(end: number): void {
    const last = this.#marks.at(-1)
    if (this.#write === undefined || end <= (last?.end ?? this.#write.end)) return
    const at = this.#options.clock.monotonic()
    if (last !== undefined && at - last.at < MARK_MS) last.end = end
    else this.#marks.push({ at, end })
    this.#arm()
  }

  stop(): void {
    this.#disarm()
    this.#marks.length = 0
    this.#write = undefined
  }

  #arm(): void {
    const first = this.#marks[0]
    if (first === undefined || this.#cancel !== undefined) return
    const { clock, waitMsMax } = this.#options
    const left = first.at + waitMsMax() - clock.monotonic()
    this.#cancel = clock.after(Math.max(0, left), () => {
      this.#cancel = undefined
      this.#look()
    })
  }

  #look(): void {
    const first = this.#marks[0]
    if (first === undefined) return
    const { clock, overdue, waitMsMax } = this.#options
    const waitedMs = clock.monotonic() - first.at
    // Between two writes nothing is overdue: the next one takes it.
    if (this.#write === undefined || waitedMs < waitMsMax()) return this.#arm()
    this.#marks.length = 0
    overdue(this.#write.end, waitedMs)
  }

  #disarm(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
