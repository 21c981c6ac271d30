import { AssertionError } from 'node:assert'
import type { Cancel, Clock, Log } from '@rockhopper/env'

export interface LoopParts {
  readonly clock: Clock
  readonly log: Log
  readonly code: string
  /** A function is asked before each pause: for keys that change while the broker runs. */
  readonly everyMs: number | (() => number)
}

/**
 * Runs `work` every `everyMs`, never twice at once; the pause begins when a run ends. A failed run is logged
 * under `code` and the loop goes on: what it does is repeated anyway.
 */
export class BackgroundLoop {
  readonly #parts: LoopParts
  readonly #work: () => Promise<void>
  #cancel: Cancel | undefined
  #running: Promise<void> = Promise.resolve()
  #stopped = true

  constructor(parts: LoopParts, work: () => Promise<void>) {
    this.#parts = parts
    this.#work = work
  }

  start(): void {
    this.#stopped = false
    this.#wait()
  }

  /** Resolves when the run in progress, if any, has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    await this.#running
  }

  #wait(): void {
    if (this.#stopped) return
    const { clock, everyMs } = this.#parts
    this.#cancel = clock.after(typeof everyMs === 'number' ? everyMs : everyMs(), () => {
      this.#running = this.#run().then(() => this.#wait())
    })
  }

  async #run(): Promise<void> {
    try {
      await this.#work()
    } catch (error) {
      if (error instanceof AssertionError) throw error
      this.#parts.log.warn(this.#parts.code, { error })
    }
  }
}
