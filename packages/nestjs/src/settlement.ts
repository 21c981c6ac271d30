import type { Deadline, Deadlines } from './deadlines.js'
import { RocketMQSettledError } from './exceptions.js'
import { DONE, type Verdict } from './verdict.js'

/** What a handler said about its message through the context; the first word counts, a second one throws. */
export class Settlement {
  #tell: ((verdict: Verdict) => void) | undefined
  #said: { readonly method: string; readonly verdict: Verdict } | undefined
  #deadline: Deadline | undefined

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

  /** Called once, with what the handler says; at once if it did already. */
  whenSettled(tell: (verdict: Verdict) => void): void {
    if (this.#said === undefined) this.#tell = tell
    else tell(this.#said.verdict)
  }

  /** The time the message may take; the owner cancels it. */
  startDeadline(deadlines: Deadlines, timeoutMs: number, passed: () => void): Deadline {
    this.#deadline = deadlines.start(timeoutMs, passed)
    return this.#deadline
  }

  #settle(method: string, verdict: Verdict): void {
    if (this.#said !== undefined) throw new RocketMQSettledError(method, this.#said.method)
    this.#said = { method, verdict }
    this.#tell?.(verdict)
  }
}
