import type { Clock, Deadline, Deadlines, Log } from '@rockhopper/env'
import type { MessageQueue } from '@rockhopper/remoting'
import type { ClientHooks, ListenerCallEnd } from '../client-hook.js'
import type { ConsumeContext, ConsumeResult, MessageListener } from '../listener.js'
import type { MessageView } from '../message-view.js'
import type { Held, ProcessQueue } from './process-queue.js'

/** How a listener call ended. `later` carries what the listener said about the next attempt. */
export type Outcome =
  | { readonly kind: 'success'; readonly ackIndex: number }
  | {
      readonly kind: 'later'
      readonly delayLevel: number
      readonly suspendMs: number
      readonly deadLetterProperties: Readonly<Record<string, string>>
      readonly error?: unknown
    }

export interface ListenerCallParts {
  readonly clock: Clock
  readonly log: Log
  readonly consumerGroup: string
  readonly listener: MessageListener
  readonly consumeTimeoutMs: number
  readonly suspendCurrentQueueTimeMs: number
  /** The calls that run; `passAll` when a shutdown no longer waits for them. */
  readonly deadlines: Deadlines
  readonly hooks: ClientHooks
}

/** Level of a message whose listener call took too long (Apache: ProcessQueue.cleanExpiredMsg). */
const TIMEOUT_DELAY_LEVEL = 3

/**
 * Calls the listener once and waits for its end, at most `consumeTimeoutMs`: a promise that never settles
 * must not hold a turn for ever. A throw and a rejection are RECONSUME_LATER. Never rejects.
 */
export function callListener(
  parts: ListenerCallParts,
  processQueue: ProcessQueue,
  batch: readonly Held[],
): Promise<Outcome> {
  const messages = batch.map((held) => held.message)
  const call = new Call(parts, processQueue, messages)
  return new Promise((resolve) => call.begin(resolve))
}

/** One call of the listener: its context, and the deadline that ends it. */
class Call implements ConsumeContext, Deadline {
  readonly messageQueue: MessageQueue
  readonly consumerGroup: string
  readonly messages: readonly MessageView[]
  delayLevelWhenNextConsume = 0
  deadLetterProperties: Readonly<Record<string, string>> = NONE
  ackIndex = Number.MAX_SAFE_INTEGER
  suspendCurrentQueueTimeMs: number
  at = 0
  readonly #parts: ListenerCallParts
  readonly #processQueue: ProcessQueue
  #startedAt = 0
  #resolve: ((outcome: Outcome) => void) | undefined
  #isTimeOver = false
  #timeout: AbortController | undefined
  #signal: AbortSignal | undefined

  constructor(parts: ListenerCallParts, processQueue: ProcessQueue, messages: readonly MessageView[]) {
    this.messageQueue = processQueue.queue
    this.consumerGroup = parts.consumerGroup
    this.messages = messages
    this.suspendCurrentQueueTimeMs = parts.suspendCurrentQueueTimeMs
    this.#parts = parts
    this.#processQueue = processQueue
  }

  /** Made when asked for: most listeners never look at it, and joining signals costs more than the call. */
  get signal(): AbortSignal {
    this.#timeout ??= new AbortController()
    if (this.#isTimeOver) this.#timeout.abort()
    this.#signal ??= AbortSignal.any([this.#processQueue.signal, this.#timeout.signal])
    return this.#signal
  }

  begin(resolve: (outcome: Outcome) => void): void {
    const { deadlines, hooks, listener, consumeTimeoutMs } = this.#parts
    this.#resolve = resolve
    if (!hooks.noneConsumes) hooks.tell((hook) => hook.beforeConsume?.(this))
    this.#startedAt = deadlines.begin(this, consumeTimeoutMs)
    this.#processQueue.lastConsumeAt = this.#startedAt
    let result: ReturnType<MessageListener>
    try {
      result = listener(this.messages, this)
    } catch (error) {
      this.#failed(error)
      return
    }
    if (!isPromise(result)) this.#ended(result)
    else
      result.then(
        (value) => this.#ended(value),
        (error: unknown) => this.#failed(error),
      )
  }

  /** The call is no longer waited for: its time is over, or that of a shutdown. */
  passed(): void {
    this.#isTimeOver = true
    this.#timeout?.abort()
    this.#parts.log.warn('client.consume.timeout', {
      ...this.#facts(),
      timeoutMs: this.#parts.consumeTimeoutMs,
    })
    this.#end(this.#later(TIMEOUT_DELAY_LEVEL), { outcome: 'TIME_OUT' })
  }

  #ended(result: ConsumeResult | void): void {
    if (result === 'RECONSUME_LATER')
      this.#end(this.#later(this.delayLevelWhenNextConsume), { outcome: 'RECONSUME_LATER' })
    else this.#end({ kind: 'success', ackIndex: this.ackIndex }, SUCCESS)
  }

  #failed(error: unknown): void {
    // After its time nobody waits for it, and what it says then is not worth a line.
    if (this.#resolve === undefined) return
    this.#parts.log.warn('client.consume.failed', { ...this.#facts(), error })
    const outcome = { ...this.#later(this.delayLevelWhenNextConsume), error }
    this.#end(outcome, { outcome: 'EXCEPTION', error })
  }

  #end(outcome: Outcome, end: Omit<ListenerCallEnd, 'costMs'>): void {
    const resolve = this.#resolve
    if (resolve === undefined) return
    this.#resolve = undefined
    const { clock, deadlines, hooks } = this.#parts
    deadlines.end(this)
    if (!hooks.noneConsumes) {
      const costMs = clock.monotonic() - this.#startedAt
      hooks.tell((hook) => hook.afterConsume?.(this, { ...end, costMs }))
    }
    resolve(outcome)
  }

  #later(delayLevel: number): Outcome & { kind: 'later' } {
    const suspendMs = Math.min(Math.max(this.suspendCurrentQueueTimeMs, 10), 30_000)
    return { kind: 'later', delayLevel, suspendMs, deadLetterProperties: this.deadLetterProperties }
  }

  #facts(): Record<string, unknown> {
    const { topic, brokerName, queueId } = this.messageQueue
    return { consumerGroup: this.consumerGroup, topic, brokerName, queueId }
  }
}

/** Of any make: listeners come from JavaScript and from other realms, too. */
const isPromise = (result: unknown): result is PromiseLike<ConsumeResult | void> =>
  typeof (result as { readonly then?: unknown } | null | undefined)?.then === 'function'

const NONE = {}
const SUCCESS = { outcome: 'SUCCESS' } as const
