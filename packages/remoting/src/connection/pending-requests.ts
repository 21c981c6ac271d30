import type { Cancel } from '@rockhopper/env'
import { type ErrorCode, MqError } from '@rockhopper/message'
import type { RemotingCommand } from '../protocol/remoting-command.js'
import type { TimerWheel } from './timer-wheel.js'

interface Pending {
  readonly resolve: (response: RemotingCommand) => void
  readonly reject: (error: MqError) => void
  readonly forget: () => void
}

const OPAQUE_MAX = 0x7fff_ffff

export interface PendingOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Requests we sent on one connection, by opaque. Each ends exactly once: answer, deadline, abort or close.
 */
export class PendingRequests {
  readonly #byOpaque = new Map<number, Pending>()
  readonly #wheel: TimerWheel
  readonly #countMax: number
  #nextOpaque: number

  constructor(wheel: TimerWheel, countMax: number, firstOpaque = 0) {
    this.#nextOpaque = firstOpaque
    this.#wheel = wheel
    this.#countMax = countMax
  }

  get size(): number {
    return this.#byOpaque.size
  }

  has(opaque: number): boolean {
    return this.#byOpaque.has(opaque)
  }

  /** The next correlation id that no waiting request has; wraps from 2^31-1 to 0. */
  takeOpaque(): number {
    let opaque = this.#nextOpaque
    while (this.#byOpaque.has(opaque)) opaque = opaque === OPAQUE_MAX ? 0 : opaque + 1
    this.#nextOpaque = opaque === OPAQUE_MAX ? 0 : opaque + 1
    return opaque
  }

  /**
   * Registers a request under an opaque of `takeOpaque`. `what` names the call in errors. Rejects with
   * MqError TOO_MANY_REQUESTS, REQUEST_TIMEOUT, REQUEST_ABORTED, or what `rejectAll` is given.
   */
  wait(opaque: number, what: string, { timeoutMs, signal }: PendingOptions): Promise<RemotingCommand> {
    if (this.#byOpaque.size >= this.#countMax) {
      return Promise.reject(
        new MqError('TOO_MANY_REQUESTS', `${what} was not sent: ${this.#countMax} wait already`),
      )
    }
    return new Promise((resolve, reject) => {
      let cancelTimer: Cancel = () => {}
      const onAbort = () => {
        this.#fail(opaque, new MqError('REQUEST_ABORTED', what, { cause: signal?.reason }))
      }
      const forget = () => {
        cancelTimer()
        signal?.removeEventListener('abort', onAbort)
      }
      this.#byOpaque.set(opaque, { resolve, reject, forget })
      cancelTimer = this.#wheel.after(timeoutMs, () => {
        this.#fail(opaque, new MqError('REQUEST_TIMEOUT', `${what} was not answered within ${timeoutMs} ms`))
      })
      signal?.addEventListener('abort', onAbort)
    })
  }

  /** False when nobody waits for this answer: late, doubled or made up. */
  complete(response: RemotingCommand): boolean {
    const pending = this.#take(response.opaque)
    pending?.resolve(response)
    return pending !== undefined
  }

  rejectAll(code: ErrorCode, attempted: string, cause?: unknown): void {
    for (const opaque of [...this.#byOpaque.keys()]) {
      this.#fail(opaque, new MqError(code, attempted, cause === undefined ? {} : { cause }))
    }
  }

  #fail(opaque: number, error: MqError): void {
    this.#take(opaque)?.reject(error)
  }

  #take(opaque: number): Pending | undefined {
    const pending = this.#byOpaque.get(opaque)
    if (pending === undefined) return undefined
    this.#byOpaque.delete(opaque)
    pending.forget()
    return pending
  }
}
