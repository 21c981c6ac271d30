import { AssertionError } from 'node:assert'
import type { Log } from '@rockhopper/env'

/** Work that nobody waits for now, owned by an object that waits for it when it stops. */
export class Background {
  readonly #log: Log
  readonly #running = new Set<Promise<void>>()

  constructor(log: Log) {
    this.#log = log
  }

  /** Starts a job; its failure is logged under its name. */
  run(name: string, job: () => Promise<unknown>): void {
    const running: Promise<void> = this.#run(name, job).finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Resolves when nothing runs any more. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  async #run(name: string, job: () => Promise<unknown>): Promise<void> {
    try {
      await job()
    } catch (error) {
      if (error instanceof AssertionError) throw error
      this.#log.warn('client.background.failed', { job: name, error })
    }
  }
}
