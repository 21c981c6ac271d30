import type { Clock } from '@rockhopper/env'

interface Fence {
  /** Slots before this time are meant, ms since 1970. */
  readonly untilMs: number
  /** Their units before this log position are delivered. */
  readonly position: number
}

/**
 * Which tick of the wheel is read next. Units are put into the current tick or later ones, and only ticks
 * that are over are read, so no slot changes while it is read.
 *
 * The wall clock may be set back. New messages then go into slots that were read already; these are read
 * again, and what they held before is passed over by its place in the log.
 */
export class TickPointer {
  readonly #clock: Clock
  readonly #precisionMs: number
  readonly #logEnd: () => number
  #readTimeMs: number
  #reading = false
  /** The clock was set back while a slot is read: where to read on, and the log's end at that moment. */
  #rewind: { timeMs: number; readonly position: number } | undefined
  #partialPos = 0
  #fences: Fence[] = []

  constructor(
    clock: Clock,
    start: { readonly precisionMs: number; readonly readTimeMs: number; readonly partialPos: number },
    logEnd: () => number,
  ) {
    this.#clock = clock
    this.#precisionMs = start.precisionMs
    this.#readTimeMs = start.readTimeMs
    this.#logEnd = logEnd
    if (start.partialPos === 0) return
    this.#fences.push({ untilMs: start.readTimeMs + start.precisionMs, position: start.partialPos })
  }

  /** Slots before this are delivered: what a checkpoint may say. */
  get readTimeMs(): number {
    return Math.min(this.#readTimeMs, this.#rewind?.timeMs ?? Number.POSITIVE_INFINITY)
  }

  /** The current tick: the first that may be put into, and the first that must not be read. */
  writeTimeMs(): number {
    const now = this.#clock.now()
    const current = now - (now % this.#precisionMs)
    if (this.#reading) {
      if (current > this.#readTimeMs) return current
      this.#rewind ??= { timeMs: current, position: this.#logEnd() }
      this.#rewind.timeMs = Math.min(this.#rewind.timeMs, current)
    } else if (current < this.#readTimeMs) {
      this.#fences.push({ untilMs: this.#readTimeMs, position: this.#logEnd() })
      this.#readTimeMs = current
    }
    return current
  }

  /** Nothing waits before `timeMs`. */
  moveTo(timeMs: number): void {
    this.#readTimeMs = Math.max(this.#readTimeMs, timeMs)
    this.#fences = this.#fences.filter(({ untilMs }) => untilMs > this.#readTimeMs)
  }

  /** Reading of the slot at `readTimeMs` begins. */
  begin(): void {
    this.#reading = true
    this.#partialPos = 0
  }

  /** Its units before `position` are delivered. */
  delivered(position: number): void {
    this.#partialPos = position
  }

  /** All of it is. */
  end(): void {
    this.#leave(this.#rewind?.position ?? 0, this.#readTimeMs + this.#precisionMs)
  }

  /** Reading broke off: the rest of the slot is still to be delivered. */
  breakOff(): void {
    this.#leave(this.#partialPos, this.#readTimeMs)
  }

  #leave(ownPosition: number, nextMs: number): void {
    const slotMs = this.#readTimeMs
    if (ownPosition > 0) this.#fences.push({ untilMs: slotMs + this.#precisionMs, position: ownPosition })
    if (this.#rewind !== undefined) this.#fences.push({ untilMs: slotMs, position: this.#rewind.position })
    this.#readTimeMs = this.#rewind?.timeMs ?? nextMs
    this.#reading = false
    this.#rewind = undefined
    this.#partialPos = 0
    this.moveTo(this.#readTimeMs)
  }

  /** Log position from which on the slot at `readTimeMs` is still to be delivered. */
  get fromPos(): number {
    const timeMs = this.readTimeMs
    let from = 0
    if (this.#reading && timeMs === this.#readTimeMs) from = this.#partialPos
    if (this.#rewind !== undefined && timeMs < this.#readTimeMs) from = this.#rewind.position
    for (const { untilMs, position } of this.#fences) if (untilMs > timeMs) from = Math.max(from, position)
    return from
  }
}
