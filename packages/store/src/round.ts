import type { Cancel, Clock, Log } from '@rockhopper/env'
import { diskErrorCode } from './full-write.js'

export interface RoundOptions {
  readonly clock: Clock
  readonly log: Log
  /** What a failure is logged as. */
  readonly code: string
  readonly intervalMs: number
  /** False when it could not be done now. */
  save(): Promise<boolean>
  /** The disk failed in a way that waiting does not cure. */
  onFailed(error: unknown): void
}

/** Something saved one interval after the first change, one save at a time. */
export class Round {
  readonly #options: RoundOptions
  #cancel: Cancel | undefined
  #running: Promise<boolean> | undefined
  #closed = false

  constructor(options: RoundOptions) {
    this.#options = options
  }

  /** Something changed. */
  arm(): void {
    if (this.#closed || this.#cancel !== undefined || this.#running !== undefined) return
    this.#cancel = this.#options.clock.after(this.#options.intervalMs, () => {
      this.#cancel = undefined
      void this.run()
    })
  }

  /** One round now. False when the disk refused; the next round tries again. Never rejects. */
  async run(): Promise<boolean> {
    await this.#running
    this.#running = this.#once()
    const done = await this.#running
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
