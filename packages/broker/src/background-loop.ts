import { AssertionError } from 'node:assert'
import type { Cancel, Clock, Log } from '@rockhopper/env'

/**
 * Runs `work` every `everyMs`, never twice at once; the pause begins when a run ends. A failed run is logged
 * under `code` and the loop goes on: what it does is repeated anyway.
 */
export class BackgroundLoop {
  readonly #parts: {
    readonly clock: Clock
    readonly log: Log
    readonly code: string
    readonly everyMs: number
  }
  readonly #work: () => Promise<void>
  #cancel: Cancel | undefined
  #running: Promise<void> = Promise.resolve()
  #stopped = true

  constructor(
    parts: { readonly clock: Clock; readonly log: Log; readonly code: string; readonly everyMs: number },
    work: () => Promise<void>,
  ) {
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
    this.#cancel = this.#parts.clock.after(this.#parts.everyMs, () => {
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
