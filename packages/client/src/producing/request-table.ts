import type { Clock, Env, Log, Random } from '@rockhopper/env'
import { type MessageExt, MqError, Property } from '@rockhopper/message'

interface Waiting {
  readonly settle: (outcome: MessageExt | MqError) => void
  readonly arrived: (reply: MessageExt) => void
}

/** Tells of each reply whether more are expected after it. */
export type MoreReplies = (reply: MessageExt) => boolean

/** Requests that wait for their reply, by correlation id (Apache: RequestFutureHolder). */
export class RequestTable {
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Log
  readonly #waiting = new Map<string, Waiting>()

  constructor({ clock, random, log }: Pick<Env, 'clock' | 'random' | 'log'>) {
    this.#clock = clock
    this.#random = random
    this.#log = log
  }

  /** 128 random bits in hex. */
  nextId(): string {
    return Array.from({ length: 8 }, () => this.#random.int(0x10000).toString(16).padStart(4, '0')).join('')
  }

  /**
   * Resolves with the last reply: the first one, unless `more` expects another, which has the whole time
   * again. Rejects with an MqError that `more` threw, REPLY_TIMEOUT, REQUEST_ABORTED or CLOSED.
   */
  wait(
    correlationId: string,
    options: {
      readonly topic: string
      readonly timeoutMs: number
      readonly signal: AbortSignal | undefined
      readonly more: MoreReplies | undefined
    },
  ): Promise<MessageExt> {
    const { topic, timeoutMs, signal, more } = options
    const what = `Waiting ${timeoutMs} ms for the reply to a request to '${topic}'`
    return new Promise((resolve, reject) => {
      const expire = () => this.#clock.after(timeoutMs, () => settle(new MqError('REPLY_TIMEOUT', what)))
      const settle = (outcome: MessageExt | MqError) => {
        if (!this.#waiting.delete(correlationId)) return
        cancel()
        signal?.removeEventListener('abort', abort)
        if (outcome instanceof MqError) reject(outcome)
        else resolve(outcome)
      }
      const abort = () => settle(new MqError('REQUEST_ABORTED', what, { cause: signal?.reason }))
      const arrived = (reply: MessageExt) => {
        try {
          if (more?.(reply) !== true) return settle(reply)
        } catch (error) {
          if (!(error instanceof MqError)) throw error
          return settle(error)
        }
        cancel()
        cancel = expire()
      }
      let cancel = expire()
      this.#waiting.set(correlationId, { settle, arrived })
      if (signal?.aborted) abort()
      else signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** Brings a reply to who waits for it; one that comes too late is only noted. */
  settle(reply: MessageExt): void {
    const correlationId = reply.properties[Property.CORRELATION_ID] ?? ''
    const waiting = this.#waiting.get(correlationId)
    if (waiting === undefined) this.#log.info('client.reply.unknown', { correlationId })
    else waiting.arrived(reply)
  }

  /** Nobody waits any more: the caller has its answer, or the error of the send. */
  forget(correlationId: string): void {
    this.#waiting.get(correlationId)?.settle(new MqError('CLOSED', 'Giving up a request that was not sent'))
  }

  close(): void {
    for (const waiting of [...this.#waiting.values()]) {
      waiting.settle(new MqError('CLOSED', 'Waiting for a reply while the producer shut down'))
    }
  }
}
