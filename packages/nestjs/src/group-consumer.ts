import type { ConsumeContext, ConsumeResult, MessageView } from '@rockhopper/client'
import type { Connection } from './connection.js'
import type { NativeConsumer } from './native.js'
import type { RocketMQServerOptions } from './options.js'
import type { GroupPlan } from './routes.js'
import type { Verdict } from './verdict.js'

/** Handles one message to its end. Never rejects. */
export type HandleMessage = (
  message: MessageView,
  plan: GroupPlan,
  consumer: NativeConsumer,
) => Promise<Verdict>

/** Makes the consumer of a group, subscribed to all topics of its handlers, not started. */
export function createGroupConsumer(
  { clients, options: connection }: Connection,
  plan: GroupPlan,
  options: RocketMQServerOptions,
): NativeConsumer {
  const { concurrency, orderly, broadcast, maxReconsumeTimes, from } = {
    ...withoutUndefined({
      concurrency: options.concurrency,
      maxReconsumeTimes: options.maxReconsumeTimes,
      from: options.from,
    }),
    ...plan.extras,
  }
  const consumer = clients.consumer({
    ...connection,
    consumerGroup: plan.group,
    // One message per call: each has its own outcome.
    consumeMessageBatchMaxSize: 1,
    ...withoutUndefined({ consumeThreads: concurrency, orderly, maxReconsumeTimes }),
    ...(broadcast === true ? { messageModel: 'BROADCASTING' as const } : {}),
    ...(from === undefined ? {} : { consumeFromWhere: CONSUME_FROM[from] }),
  })
  for (const [topic, expression] of plan.subscriptions) consumer.subscribe(topic, expression)
  return consumer
}

/** Starts the consumer; each message is acknowledged only after `handle` ended. */
export function startGroupConsumer(
  consumer: NativeConsumer,
  plan: GroupPlan,
  handle: HandleMessage,
): Promise<void> {
  return consumer.start(async (messages, context) => {
    for (const message of messages) {
      const result = settle(await handle(message, plan, consumer), context)
      if (result === 'RECONSUME_LATER') return result
    }
    return 'CONSUME_SUCCESS'
  })
}

function settle(verdict: Verdict, context: ConsumeContext): ConsumeResult {
  switch (verdict.kind) {
    case 'done':
      return 'CONSUME_SUCCESS'
    case 'retry':
      context.delayLevelWhenNextConsume = verdict.delayLevel
      return 'RECONSUME_LATER'
    case 'dead-letter':
      // The broker puts a message sent back with a negative level into the dead-letter queue at once.
      context.delayLevelWhenNextConsume = -1
      return 'RECONSUME_LATER'
  }
}

const CONSUME_FROM = { first: 'CONSUME_FROM_FIRST_OFFSET', last: 'CONSUME_FROM_LAST_OFFSET' } as const

type Defined<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> }

function withoutUndefined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>
}
