import type { Cancel, Clock, Log } from '@rockhopper/env'
import { diskErrorCode } from './full-write.js'

export interface RoundOptions {
  readonly clock: Clock
  readonly log: Log
  /** What a failure is logged as. */
  readonly code: string
  readonly intervalMs: number
  /** How many times as long as the last round took no other begins, when that is more; 2 minutes at most. */
  readonly restTimes?: number
  /** False when it could not be done now. */
  save(): Promise<boolean>
  /** The disk failed in a way that waiting does not cure. */
  onFailed(error: unknown): void
}

/** Recovery reads what came since the last round. */
const REST_MAX_MS = 120_000

/** Something saved one interval after the first change, one save at a time, not all of the time. */
export class Round {
  readonly #options: RoundOptions
  #cancel: Cancel | undefined
  #running: Promise<boolean> | undefined
  #closed = false
  #tookMs = 0

  constructor(options: RoundOptions) {
    this.#options = options
  }

  /** Something changed. */
  arm(): void {
    if (this.#closed || this.#cancel !== undefined || this.#running !== undefined) return
    const { clock, intervalMs, restTimes = 0 } = this.#options
    const restMs = Math.min(REST_MAX_MS, this.#tookMs * restTimes)
    this.#cancel = clock.after(Math.max(intervalMs, restMs), () => {
      this.#cancel = undefined
      void this.run()
    })
  }

  /** One round now. False when the disk refused; the next round tries again. Never rejects. */
  async run(): Promise<boolean> {
    await this.#running
    const { clock } = this.#options
    const startedAt = clock.monotonic()
    this.#running = this.#once()
    const done = await this.#running
    this.#tookMs = clock.monotonic() - startedAt
    this.#running = undefined
    if (!done) this.arm()
    return done
  }

  /** No timer fires any more; resolves when no save is under way. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    this.#cancel = undefined
    await this.#running
  }

  #once(): Promise<boolean> {
    const { save, log, code, onFailed } = this.#options
    return save().catch((error) => {
      const reason = diskErrorCode(error)
      if (reason === undefined || reason === 'EIO') onFailed(error)
      else log.warn(code, { code: reason })
      return false
    })
  }
}
