import { AssertionError } from 'node:assert'
import type { Cancel, Clock, Log } from '@rockhopper/env'

/** Pause after a run that failed. */
const RETRY_AFTER_MS = 1_000

export interface WakeableLoopOptions {
  readonly clock: Clock
  readonly log: Log
  /** Under which a failed run is logged. */
  readonly code: string
  /** What the log says beside the error. */
  readonly details?: () => Readonly<Record<string, unknown>>
}

/**
 * Work that is done when something wakes it: never twice at once, once more when it was woken meanwhile, and
 * again after the ms that a run returns.
 */
export class WakeableLoop {
  readonly #options: WakeableLoopOptions
  readonly #run: () => Promise<number | undefined>
  #running: Promise<void> | undefined
  #wokenMeanwhile = false
  #cancel: Cancel | undefined
  #stopped = true

  constructor(options: WakeableLoopOptions, run: () => Promise<number | undefined>) {
    this.#options = options
    this.#run = run
  }

  get stopped(): boolean {
    return this.#stopped
  }

  start(): void {
    this.#stopped = false
    this.wake()
  }

  wake(): void {
    if (this.#stopped) return
    if (this.#running !== undefined) {
      this.#wokenMeanwhile = true
      return
    }
    this.#cancel?.()
    this.#cancel = undefined
    this.#running = this.#guarded().then((waitMs) => {
      this.#running = undefined
      if (this.#wokenMeanwhile) {
        this.#wokenMeanwhile = false
        this.wake()
      } else if (waitMs !== undefined && !this.#stopped) {
        this.#cancel = this.#options.clock.after(waitMs, () => this.wake())
      }
    })
  }

  /** The run in progress sees `stopped`; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    await this.#running
  }

  async #guarded(): Promise<number | undefined> {
    try {
      return await this.#run()
    } catch (error) {
      if (error instanceof AssertionError) throw error
      const { code, details, log } = this.#options
      log.error(code, { ...details?.(), error })
      return RETRY_AFTER_MS
    }
  }
}
