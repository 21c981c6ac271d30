import type { Deadline, Deadlines } from '@rockhopper/env'
import { RocketMQSettledError } from './exceptions.js'
import { DONE, type Verdict } from './verdict.js'

/** How long a message may take, who decides that it is done, and who is told. */
export interface SettlementTerms {
  readonly deadlines: Deadlines
  readonly timeoutMs: number
  /** False: the end of the handler settles the message, unless it said something. */
  readonly isManual: boolean
  readonly end: (verdict: Verdict) => void
}

/**
 * What becomes of one message. A handler may say it through the context: the first word counts, a second one
 * throws. Once `begin` was called it ends once: with that word, the end of the handler, or that of its time.
 */
export class Settlement implements Deadline {
  at = 0
  #terms: SettlementTerms | undefined
  #said: { readonly method: string; readonly verdict: Verdict } | undefined

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

  /** No effect before `begin`, and in a batch, whose messages wait for each other. */
  extend(byMs: number): void {
    if (this.#said !== undefined) throw new RocketMQSettledError('extendInvisible', this.#said.method)
    this.#terms?.deadlines.extend(this, byMs)
  }

  begin(terms: SettlementTerms): void {
    this.#terms = terms
    terms.deadlines.begin(this, terms.timeoutMs)
  }

  /** The handler ended well. */
  handled(): void {
    if (this.#terms?.isManual === false) this.#end(this.verdict ?? DONE)
  }

  /** The handler failed; what it said before counts more. */
  failed(verdictOf: () => Verdict): void {
    if (this.#terms !== undefined) this.#end(this.verdict ?? verdictOf())
  }

  /** Called by the deadlines. */
  passed(): void {
    const timeoutMs = this.#terms?.timeoutMs
    this.#end({ kind: 'retry', reason: `not settled within its time (ackTimeoutMs ${timeoutMs})` })
  }

  #end(verdict: Verdict): void {
    const terms = this.#terms
    if (terms === undefined) return
    this.#terms = undefined
    terms.deadlines.end(this)
    terms.end(verdict)
  }

  #settle(method: string, verdict: Verdict): void {
    if (this.#said !== undefined) throw new RocketMQSettledError(method, this.#said.method)
    this.#said = { method, verdict }
    if (this.#terms?.isManual === true) this.#end(verdict)
  }
}
