import type { Clock } from '@rockhopper/env'
import { errorText } from './verdict.js'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 10_000

export interface LateStartParts {
  readonly clock: Clock
  /** Tried again when it rejects. */
  readonly start: () => Promise<void>
  /** After each attempt that failed. */
  readonly failed: (reason: string, attempts: number) => void
  /** Once. */
  readonly started: (attempts: number) => void
}

/**
 * Something that needs a broker, in an application that does not: it is tried until a broker is there, with
 * growing pauses, while the application goes on.
 */
export class LateStart {
  readonly #parts: LateStartParts
  #state: 'made' | 'starting' | 'started' | 'stopped' = 'made'
  #reason: string | undefined
  #first: Promise<void> | undefined
  #later: Promise<void> = Promise.resolve()
  #endPause: () => void = () => undefined

  constructor(parts: LateStartParts) {
    this.#parts = parts
  }

  get state(): 'made' | 'starting' | 'started' | 'stopped' {
    return this.#state
  }

  /** Why the last attempt failed; undefined once it is started. */
  get reason(): string | undefined {
    return this.#reason
  }

  /** Resolves after the first attempt, whether it worked or not. Never rejects. */
  begin(): Promise<void> {
    this.#first ??= this.#begin()
    return this.#first
  }

  /** Ends the attempts; resolves when none is under way. */
  async stop(): Promise<void> {
    this.#state = 'stopped'
    this.#endPause()
    await this.#first
    await this.#later
  }

  async #begin(): Promise<void> {
    if (this.#state === 'stopped') return
    this.#state = 'starting'
    if (!(await this.#attempt(1))) this.#later = this.#goOn()
  }

  async #goOn(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS
    for (let attempt = 2; this.#state === 'starting'; attempt++) {
      await this.#pause(pauseMs)
      if (this.#state !== 'starting' || (await this.#attempt(attempt))) return
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    }
  }

  async #attempt(attempt: number): Promise<boolean> {
    try {
      await this.#parts.start()
    } catch (error) {
      if (this.#state === 'stopped') return true
      this.#reason = errorText(error)
      this.#parts.failed(this.#reason, attempt)
      return false
    }
    if (this.#state === 'stopped') return true
    this.#state = 'started'
    this.#reason = undefined
    this.#parts.started(attempt)
    return true
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(ms, resolve)
      this.#endPause = () => {
        cancel()
        resolve()
      }
    })
  }
}
