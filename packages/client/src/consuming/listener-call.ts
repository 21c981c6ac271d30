import type { Clock, Log } from '@rockhopper/env'
import type { ConsumeContext, MessageListener } from '../listener.js'
import type { MessageQueue } from '../message-queue.js'
import type { Held, ProcessQueue } from './process-queue.js'

/** How a listener call ended. `later` carries what the listener said about the next attempt. */
export type Outcome =
  | { readonly kind: 'success'; readonly ackIndex: number }
  | {
      readonly kind: 'later'
      readonly delayLevel: number
      readonly suspendMs: number
      readonly error?: unknown
    }

export interface ListenerCallParts {
  readonly clock: Clock
  readonly log: Log
  readonly consumerGroup: string
  readonly listener: MessageListener
  readonly consumeTimeoutMs: number
  readonly suspendCurrentQueueTimeMs: number
  /** Aborted when a shutdown no longer waits. */
  readonly shutdown: AbortSignal
}

/** Level of a message whose listener call took too long (Apache: ProcessQueue.cleanExpiredMsg). */
const TIMEOUT_DELAY_LEVEL = 3

/**
 * Calls the listener once and waits for its end, at most `consumeTimeoutMs`: a promise that never settles must not
 * hold a turn for ever. A throw and a rejection are RECONSUME_LATER. Never rejects.
 */
export async function callListener(
  parts: ListenerCallParts,
  processQueue: ProcessQueue,
  batch: readonly Held[],
): Promise<Outcome> {
  const context = new CallContext(parts, processQueue)
  const timeout = timeoutOf(parts, context)
  processQueue.lastConsumeAt = parts.clock.monotonic()
  try {
    const ended = Promise.resolve(
      parts.listener(
        batch.map((held) => held.message),
        context,
      ),
    )
    const result = await Promise.race([ended, timeout.passed])
    if (result === timeout) {
      parts.log.warn('client.consume.timeout', { ...context.facts, timeoutMs: parts.consumeTimeoutMs })
      return context.later(TIMEOUT_DELAY_LEVEL)
    }
    if (result === 'RECONSUME_LATER') return context.later(context.delayLevelWhenNextConsume)
    return { kind: 'success', ackIndex: context.ackIndex }
  } catch (error) {
    parts.log.warn('client.consume.failed', { ...context.facts, error })
    return { ...context.later(context.delayLevelWhenNextConsume), error }
  } finally {
    timeout.cancel()
  }
}

/** `passed` resolves with this object when the call is no longer waited for: timeout, or a shutdown's deadline. */
function timeoutOf(parts: ListenerCallParts, context: CallContext) {
  const { clock, consumeTimeoutMs, shutdown } = parts
  const timeout = { cancel: () => {}, passed: undefined as unknown as Promise<unknown> }
  timeout.passed = new Promise((resolve) => {
    const end = () => {
      context.abort()
      resolve(timeout)
    }
    const cancelTimer = clock.after(consumeTimeoutMs, end)
    shutdown.addEventListener('abort', end, { once: true })
    timeout.cancel = () => {
      cancelTimer()
      shutdown.removeEventListener('abort', end)
    }
  })
  return timeout
}

class CallContext implements ConsumeContext {
  readonly messageQueue: MessageQueue
  readonly consumerGroup: string
  delayLevelWhenNextConsume = 0
  ackIndex = Number.MAX_SAFE_INTEGER
  suspendCurrentQueueTimeMs: number
  readonly #lost: readonly AbortSignal[]
  readonly #timeout = new AbortController()
  #signal: AbortSignal | undefined

  constructor(parts: ListenerCallParts, processQueue: ProcessQueue) {
    this.messageQueue = processQueue.queue
    this.consumerGroup = parts.consumerGroup
    this.suspendCurrentQueueTimeMs = parts.suspendCurrentQueueTimeMs
    this.#lost = [processQueue.signal, parts.shutdown]
  }

  /** Made when asked for: most listeners never look at it, and joining signals costs more than the call. */
  get signal(): AbortSignal {
    this.#signal ??= AbortSignal.any([...this.#lost, this.#timeout.signal])
    return this.#signal
  }

  abort(): void {
    this.#timeout.abort()
  }

  later(delayLevel: number): Outcome & { kind: 'later' } {
    const suspendMs = Math.min(Math.max(this.suspendCurrentQueueTimeMs, 10), 30_000)
    return { kind: 'later', delayLevel, suspendMs }
  }

  get facts(): Record<string, unknown> {
    const { topic, brokerName, queueId } = this.messageQueue
    return { consumerGroup: this.consumerGroup, topic, brokerName, queueId }
  }
}
