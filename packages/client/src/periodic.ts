import { AssertionError } from 'node:assert'
import type { Clock, Log } from '@rockhopper/env'
import { wait } from './wait.js'

export interface PeriodicOptions {
  readonly name: string
  readonly clock: Clock
  readonly log: Log
  /** Pause after one run before the next. */
  readonly intervalMs: number
  /** May ask for an earlier next run by returning ms. */
  readonly run: (signal: AbortSignal) => Promise<number | void>
}

/**
 * A job that runs again and again, one run at a time. `trigger` starts a run now, or, while one is running,
 * directly after it: what a run reads is never older than the last trigger.
 */
export class Periodic {
  readonly #options: PeriodicOptions
  readonly #stopping = new AbortController()
  #early = new AbortController()
  #done: Promise<void> | undefined
  #started = 0
  #wanted = 0
  readonly #waiting = new Set<{ readonly from: number; readonly resolve: () => void }>()

  constructor(options: PeriodicOptions) {
    this.#options = options
  }

  /** The first run comes after `firstDelayMs`. */
  start(firstDelayMs: number): void {
    this.#done ??= this.#loop(firstDelayMs)
  }

  /** Wakes the loop. Resolves when a run that began after this call ended, or when the job was stopped. */
  trigger(): Promise<void> {
    if (this.#stopping.signal.aborted || this.#done === undefined) return Promise.resolve()
    this.#wanted = this.#started + 1
    this.#early.abort()
    return new Promise((resolve) => this.#waiting.add({ from: this.#wanted, resolve }))
  }

  /** No further run; resolves when the current one ended. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#early.abort()
    await this.#done
    for (const waiter of this.#waiting) waiter.resolve()
    this.#waiting.clear()
  }

  async #loop(firstDelayMs: number): Promise<void> {
    let pauseMs = firstDelayMs
    while (!this.#stopping.signal.aborted) {
      if (this.#started >= this.#wanted) await wait(this.#options.clock, pauseMs, this.#early.signal)
      if (this.#stopping.signal.aborted) return
      this.#early = new AbortController()
      this.#started++
      pauseMs = await this.#runOnce()
      for (const waiter of this.#waiting) {
        if (waiter.from > this.#started) continue
        this.#waiting.delete(waiter)
        waiter.resolve()
      }
    }
  }

  async #runOnce(): Promise<number> {
    const { run, intervalMs, log, name } = this.#options
    try {
      return Math.min((await run(this.#stopping.signal)) ?? intervalMs, intervalMs)
    } catch (error) {
      if (error instanceof AssertionError) throw error
      log.warn('client.periodic.failed', { job: name, error })
      return intervalMs
    }
  }
}
