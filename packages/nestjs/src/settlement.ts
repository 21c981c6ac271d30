import type { Clock } from '@rockhopper/env'
import { RocketMQSettledError } from './exceptions.js'
import { DONE, type Verdict } from './verdict.js'

/** What a handler said about its message through the context; the first word counts, a second one throws. */
export class Settlement {
  /** Resolves when the handler said something; never rejects. */
  readonly settled: Promise<Verdict>
  #resolve: (verdict: Verdict) => void = () => undefined
  #said: { readonly method: string; readonly verdict: Verdict } | undefined
  #deadline: Deadline | undefined

  constructor() {
    this.settled = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  get verdict(): Verdict | undefined {
    return this.#said?.verdict
  }

  ack(): void {
    this.#settle('ack', DONE)
  }

  skip(): void {
    this.#settle('skip', DONE)
  }

  retry(delayMs: number | undefined): void {
    this.#settle('retry', { kind: 'retry', delayMs, reason: 'the handler asked for it' })
  }

  deadLetter(reason: string): void {
    this.#settle('deadLetter', { kind: 'dead-letter', reason })
  }

  extend(byMs: number): void {
    if (this.#said !== undefined) throw new RocketMQSettledError('extendInvisible', this.#said.method)
    this.#deadline?.extend(byMs)
  }

  /** The time the message may take; the owner cancels it. */
  startDeadline(clock: Clock, timeoutMs: number): Deadline {
    this.#deadline = new Deadline(clock, timeoutMs)
    return this.#deadline
  }

  #settle(method: string, verdict: Verdict): void {
    if (this.#said !== undefined) throw new RocketMQSettledError(method, this.#said.method)
    this.#said = { method, verdict }
    this.#resolve(verdict)
  }
}

/** A moment that can be moved. */
export class Deadline {
  readonly passed: Promise<void>
  readonly #clock: Clock
  #end: () => void = () => undefined
  #cancel: () => void

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.passed = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#cancel = clock.after(timeoutMs, this.#end)
  }

  /** `byMs` from now on. */
  extend(byMs: number): void {
    this.#cancel()
    this.#cancel = this.#clock.after(byMs, this.#end)
  }

  cancel(): void {
    this.#cancel()
  }
}
