import type { MessageQueue } from '@rockhopper/remoting'
import type { MessageView } from '../message-view.js'

/** A message that was pulled and whose turn has not ended. */
export interface Held {
  message: MessageView
  /** Consumed, sent back or dead-lettered: the offset may pass it. */
  done: boolean
  /**
   * Set when the body cannot be read here: the listener is not called, the message goes the way of a
   * failure.
   */
  readonly problem?: Error
}

/** What a pull brought, ready to be held. */
export type Pulled = Pick<Held, 'message' | 'problem'>

/** Bounds of what one queue may hold here; reaching one pauses its pulls, nothing is dropped. */
export interface FlowLimits {
  readonly messagesMax: number
  readonly bytesMax: number
  /** Largest distance between the first and last held queue offset. */
  readonly spanMax: number
}

export type FlowState = 'room' | 'too many messages' | 'too many bytes' | 'span too wide'

/**
 * The local copy of one assigned queue (Apache: ProcessQueue): messages pulled and not yet done, in queue
 * order. The offset that may be committed is that of the first one not done, so a message that is still
 * being worked on is never passed, whatever finished behind it.
 */
export class ProcessQueue {
  readonly queue: MessageQueue
  readonly #limits: FlowLimits
  readonly #leaving = new AbortController()
  readonly #dropped = new AbortController()
  /** Done ones in front of `#head` are given back in blocks, so that removal costs O(1) each. */
  #held: Held[] = []
  #head = 0
  #bytes = 0
  #count = 0
  #nextOffset: number
  #wakePuller: (() => void) | undefined

  /** When this member took it; here and below monotonic ms. */
  takenAt = 0
  /** Facts for tools (307) and for the pull loop. */
  lastPullAt = 0
  lastConsumeAt = 0

  constructor(queue: MessageQueue, startOffset: number, limits: FlowLimits) {
    this.queue = queue
    this.#nextOffset = startOffset
    this.#limits = limits
  }

  /**
   * Aborted when the queue is to be given up: no new pull, no new listener call; what runs may end and
   * count.
   */
  get leavingSignal(): AbortSignal {
    return this.#leaving.signal
  }

  get leaving(): boolean {
    return this.#leaving.signal.aborted
  }

  /** Aborted when the queue is lost. From then on nothing here may move an offset. */
  get signal(): AbortSignal {
    return this.#dropped.signal
  }

  get dropped(): boolean {
    return this.#dropped.signal.aborted
  }

  leave(): void {
    this.#leaving.abort()
    this.#wake()
  }

  drop(): void {
    this.leave()
    this.#dropped.abort()
  }

  /** Messages pulled and not done. */
  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  get firstOffset(): number {
    return this.#held[this.#head]?.message.queueOffset ?? this.#nextOffset
  }

  get lastOffset(): number {
    return this.#held.at(-1)?.message.queueOffset ?? this.#nextOffset
  }

  /** Everything before it is done: what may be committed. */
  get commitOffset(): number {
    return this.firstOffset
  }

  /**
   * Takes what a pull brought, in queue order, and moves to where the next pull begins. Messages that are
   * already behind the position are left out: an answer may repeat.
   */
  put(pulled: readonly Pulled[], nextOffset: number): Held[] {
    const taken: Held[] = []
    for (const { message, problem } of pulled) {
      if (message.queueOffset < this.#nextOffset) continue
      const held = { message, done: false, ...(problem === undefined ? {} : { problem }) }
      taken.push(held)
      this.#held.push(held)
      this.#bytes += sizeOf(message)
      this.#count++
      this.#nextOffset = message.queueOffset + 1
    }
    if (nextOffset > this.#nextOffset) this.#nextOffset = nextOffset
    return taken
  }

  /** Where the next pull begins. */
  get nextOffset(): number {
    return this.#nextOffset
  }

  /** The first `countMax` messages that are not done, still held (for orderly consumption). */
  first(countMax: number): Held[] {
    const found: Held[] = []
    for (let at = this.#head; at < this.#held.length && found.length < countMax; at++) {
      const held = this.#held[at] as Held
      if (!held.done) found.push(held)
    }
    return found
  }

  /** Marks messages as done and returns the offset that may be committed now. */
  finish(ended: readonly Held[]): number {
    for (const held of ended) {
      if (held.done) continue
      held.done = true
      this.#count--
      this.#bytes -= sizeOf(held.message)
    }
    while (this.#held[this.#head]?.done === true) this.#head++
    if (this.#head > 512 || this.#head === this.#held.length) {
      this.#held = this.#held.slice(this.#head)
      this.#head = 0
    }
    if (this.flow() === 'room') this.#wake()
    return this.commitOffset
  }

  flow(): FlowState {
    if (this.#count >= this.#limits.messagesMax) return 'too many messages'
    if (this.#bytes >= this.#limits.bytesMax) return 'too many bytes'
    if (this.#count > 0 && this.lastOffset - this.firstOffset >= this.#limits.spanMax) return 'span too wide'
    return 'room'
  }

  /**
   * Resolves when there is room for another pull or the queue is being left. One caller at a time: the pull
   * loop.
   */
  async room(): Promise<void> {
    while (!this.leaving && this.flow() !== 'room') {
      await new Promise<void>((resolve) => {
        this.#wakePuller = resolve
      })
    }
  }

  #wake(): void {
    this.#wakePuller?.()
    this.#wakePuller = undefined
  }
}

/**
 * The larger of the record and its decompressed body: what the message costs in memory, without the objects
 * around it.
 */
const sizeOf = (message: MessageView): number => Math.max(message.storeSize, message.body.length)
