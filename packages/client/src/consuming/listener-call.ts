import type { Clock, Log } from '@rockhopper/env'
import type { MessageQueue } from '@rockhopper/remoting'
import type { ClientHooks, ListenerCallEnd } from '../client-hook.js'
import type { ConsumeContext, MessageListener } from '../listener.js'
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
  /** Aborted when a shutdown no longer waits. */
  readonly shutdown: AbortSignal
  readonly hooks: ClientHooks
}

/** Level of a message whose listener call took too long (Apache: ProcessQueue.cleanExpiredMsg). */
const TIMEOUT_DELAY_LEVEL = 3

/**
 * Calls the listener once and waits for its end, at most `consumeTimeoutMs`: a promise that never settles
 * must not hold a turn for ever. A throw and a rejection are RECONSUME_LATER. Never rejects.
 */
export async function callListener(
  parts: ListenerCallParts,
  processQueue: ProcessQueue,
  batch: readonly Held[],
): Promise<Outcome> {
  const { clock, hooks, consumerGroup } = parts
  const messages = batch.map((held) => held.message)
  const startedAt = clock.monotonic()
  processQueue.lastConsumeAt = startedAt
  if (hooks.noneConsumes) return (await call(parts, processQueue, messages)).outcome
  const told = { consumerGroup, messageQueue: processQueue.queue, messages }
  hooks.tell((hook) => hook.beforeConsume?.(told))
  const { outcome, end } = await call(parts, processQueue, messages)
  const costMs = clock.monotonic() - startedAt
  hooks.tell((hook) => hook.afterConsume?.(told, { ...end, costMs }))
  return outcome
}

interface Called {
  readonly outcome: Outcome
  readonly end: Omit<ListenerCallEnd, 'costMs'>
}

async function call(
  parts: ListenerCallParts,
  processQueue: ProcessQueue,
  messages: readonly MessageView[],
): Promise<Called> {
  const context = new CallContext(parts, processQueue)
  const timeout = timeoutOf(parts, context)
  const ended = Promise.resolve()
    .then(() => parts.listener(messages, context))
    .then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    )
  const outcome = await Promise.race([ended, timeout.passed])
  timeout.cancel()
  if (outcome === TIMED_OUT) {
    parts.log.warn('client.consume.timeout', { ...context.facts, timeoutMs: parts.consumeTimeoutMs })
    return { outcome: context.later(TIMEOUT_DELAY_LEVEL), end: { outcome: 'TIME_OUT' } }
  }
  if ('error' in outcome) {
    const { error } = outcome
    parts.log.warn('client.consume.failed', { ...context.facts, error })
    const later = context.later(context.delayLevelWhenNextConsume)
    return { outcome: { ...later, error }, end: { outcome: 'EXCEPTION', error } }
  }
  if (outcome.result === 'RECONSUME_LATER') {
    const later = context.later(context.delayLevelWhenNextConsume)
    return { outcome: later, end: { outcome: 'RECONSUME_LATER' } }
  }
  return { outcome: { kind: 'success', ackIndex: context.ackIndex }, end: { outcome: 'SUCCESS' } }
}

const TIMED_OUT = Symbol('timed out')

/** `passed` resolves when the call is no longer waited for: timeout, or a shutdown's deadline. */
function timeoutOf(parts: ListenerCallParts, context: CallContext) {
  const { clock, consumeTimeoutMs, shutdown } = parts
  let cancel = () => {}
  const passed = new Promise<typeof TIMED_OUT>((resolve) => {
    const end = () => {
      context.abort()
      resolve(TIMED_OUT)
    }
    const cancelTimer = clock.after(consumeTimeoutMs, end)
    shutdown.addEventListener('abort', end, { once: true })
    cancel = () => {
      cancelTimer()
      shutdown.removeEventListener('abort', end)
    }
  })
  return { passed, cancel: () => cancel() }
}

class CallContext implements ConsumeContext {
  readonly messageQueue: MessageQueue
  readonly consumerGroup: string
  delayLevelWhenNextConsume = 0
  deadLetterProperties: Readonly<Record<string, string>> = {}
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
    return { kind: 'later', delayLevel, suspendMs, deadLetterProperties: this.deadLetterProperties }
  }

  get facts(): Record<string, unknown> {
    const { topic, brokerName, queueId } = this.messageQueue
    return { consumerGroup: this.consumerGroup, topic, brokerName, queueId }
  }
}
