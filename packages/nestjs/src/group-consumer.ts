import type { ConsumeContext, ConsumeResult, MessageView } from '@rockhopper/client'
import type { Connection } from './connection.js'
import { deadLetterProperties } from './dead-letter.js'
import type { Arrival } from './delivery.js'
import type { NativeConsumer } from './native.js'
import type { RocketMQServerOptions } from './options.js'
import { type GroupPlan, RECONSUME_TIMES_DEFAULT } from './routes.js'
import type { RunningCall, RunningCalls } from './running-calls.js'
import { delayLevelOf, type Verdict } from './verdict.js'

/** Handles one message to its end, which it tells to the arrival. Never throws. */
export type HandleMessage = (arrival: Arrival) => void

/**
 * The transport has its own limit for a handler's time, which a handler can extend; the client's must not
 * end a call before it. The longest a timer can be.
 */
const CONSUME_TIMEOUT_MAX = 2 ** 31 - 1

/** Makes the consumer of a group, subscribed to all topics of its handlers, not started. */
export function createGroupConsumer(
  { clients, options: connection }: Connection,
  plan: GroupPlan,
  options: RocketMQServerOptions,
): NativeConsumer {
  const { orderly, broadcast, from = options.from } = plan.extras
  const consumer = clients.consumer({
    ...connection,
    consumerGroup: plan.group,
    // One message per call: each has its own outcome. Batches are joined behind it.
    consumeMessageBatchMaxSize: 1,
    ...withoutUndefined({
      consumeThreads: threads(plan, options),
      orderly,
      maxReconsumeTimes: plan.maxReconsumeTimes,
    }),
    ...(plan.routes.some(({ extras }) => extras.batch !== undefined)
      ? {}
      : { consumeTimeoutMs: CONSUME_TIMEOUT_MAX }),
    ...(broadcast === true ? broadcasting(options) : {}),
    ...(orderly === true ? withoutUndefined({ instanceName: options.instanceName }) : {}),
    ...startPosition(from),
  })
  for (const [topic, expression] of plan.subscriptions) consumer.subscribe(topic, expression)
  return consumer
}

/** Starts the consumer; each message is acknowledged only after `handle` ended. */
export function startGroupConsumer(
  consumer: NativeConsumer,
  plan: GroupPlan,
  handle: HandleMessage,
  calls: RunningCalls,
): Promise<void> {
  const one = (message: MessageView, context: ConsumeContext): Promise<ConsumeResult> =>
    new Promise((resolve) => {
      const call = new GroupCall({ message, plan, consumer, context }, calls, resolve)
      if (calls.begin(call)) handle(call)
    })
  return consumer.start((messages, context) => {
    const [first] = messages
    // What `consumeMessageBatchMaxSize: 1` gives.
    if (first !== undefined && messages.length === 1) return one(first, context)
    return inOrder(messages, (message) => one(message, context))
  })
}

interface Called {
  readonly message: MessageView
  readonly plan: GroupPlan
  readonly consumer: NativeConsumer
  readonly context: ConsumeContext
}

/** One message of a listener call, until what becomes of it is settled with the client. */
class GroupCall implements Arrival, RunningCall {
  readonly message: MessageView
  readonly plan: GroupPlan
  readonly consumer: NativeConsumer
  readonly #context: ConsumeContext
  readonly #calls: RunningCalls
  readonly #resolve: (result: ConsumeResult) => void

  constructor(called: Called, calls: RunningCalls, resolve: (result: ConsumeResult) => void) {
    this.message = called.message
    this.plan = called.plan
    this.consumer = called.consumer
    this.#context = called.context
    this.#calls = calls
    this.#resolve = resolve
  }

  get canGoBack(): boolean {
    return canGoBack(this.plan, this.message)
  }

  get signal(): AbortSignal {
    return this.#context.signal
  }

  end(verdict: Verdict): void {
    this.#calls.end(this, verdict)
  }

  settle(verdict: Verdict): void {
    this.#resolve(settle(verdict, this.#context, this.message, this.plan.group))
  }
}

/** Ends with the first message that does not succeed: the others come again with it. */
async function inOrder(
  messages: readonly MessageView[],
  run: (message: MessageView) => Promise<ConsumeResult>,
): Promise<ConsumeResult> {
  for (const message of messages) {
    if ((await run(message)) === 'RECONSUME_LATER') return 'RECONSUME_LATER'
  }
  return 'CONSUME_SUCCESS'
}

/**
 * Whether a message whose handler did not end in time can be given back, so that those that ended behind it
 * are not repeated with it. At the limit of retries the broker would make it a dead letter, an orderly queue
 * just ends before it, and a broadcast group has nowhere to give it to.
 */
function canGoBack({ extras, maxReconsumeTimes }: GroupPlan, { reconsumeTimes }: MessageView): boolean {
  if (extras.orderly === true || extras.broadcast === true) return false
  return reconsumeTimes < (maxReconsumeTimes ?? RECONSUME_TIMES_DEFAULT)
}

function settle(
  verdict: Verdict,
  context: ConsumeContext,
  message: MessageView,
  group: string,
): ConsumeResult {
  switch (verdict.kind) {
    case 'done':
    case 'drop':
      return 'CONSUME_SUCCESS'
    case 'retry':
      context.delayLevelWhenNextConsume = delayLevelOf(verdict.delayMs)
      if (verdict.delayMs !== undefined) context.suspendCurrentQueueTimeMs = verdict.delayMs
      return 'RECONSUME_LATER'
    case 'dead-letter':
      if (verdict.sent === true) return 'CONSUME_SUCCESS'
      // The broker puts a message sent back with a negative level into the dead-letter queue at once.
      context.delayLevelWhenNextConsume = -1
      context.deadLetterProperties = deadLetterProperties(verdict, message, group)
      return 'RECONSUME_LATER'
  }
}

/** As many as the group wants at once, and never fewer than fill its largest batch. */
function threads({ extras, routes }: GroupPlan, options: RocketMQServerOptions): number | undefined {
  const wanted = extras.concurrency ?? options.concurrency
  const largest = Math.max(0, ...routes.map((one) => one.extras.batch?.size ?? 0))
  return largest === 0 ? wanted : Math.max(largest, wanted ?? 0)
}

/** Members that merely share messages get no name: nothing of theirs has to be found again. */
function broadcasting({ instanceName, offsetStoreDir }: RocketMQServerOptions) {
  return { messageModel: 'BROADCASTING' as const, ...withoutUndefined({ instanceName, offsetStoreDir }) }
}

function startPosition(from: 'first' | 'last' | number | string | undefined) {
  if (from === undefined) return {}
  if (from === 'first') return { consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET' as const }
  if (from === 'last') return { consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET' as const }
  const consumeTimestamp = typeof from === 'number' ? from : Date.parse(from)
  return { consumeFromWhere: 'CONSUME_FROM_TIMESTAMP' as const, consumeTimestamp }
}

type Defined<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> }

function withoutUndefined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>
}
