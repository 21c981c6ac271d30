import type { Connection, Processors, RemotingClient } from '@rockhopper/remoting'
import { BackgroundLoop } from '../background-loop.js'
import type { BrokerParts } from '../parts.js'
import type { BrokerStateFiles } from '../state-files.js'
import type { TimerService } from '../timer/timer-service.js'
import { ackProcessors } from './ack-message.js'
import { assignmentProcessors } from './assignment.js'
import { changeInvisibleTime } from './change-invisible-time.js'
import { ConsumerOrders } from './consumer-orders.js'
import { MessageRequestModes } from './message-request-modes.js'
import { notificationProcessors } from './notification.js'
import { PopLocks } from './pop-locks.js'
import { PopMessages } from './pop-message.js'
import type { PopParts } from './pop-parts.js'
import { PopPolling } from './pop-polling.js'
import { ReviveQueue } from './revive-queue.js'
import { TopicQueues } from './topic-queues.js'

export interface PopServiceOptions {
  readonly parts: BrokerParts
  readonly files: Pick<BrokerStateFiles, 'consumerOrders' | 'messageRequestModes'>
  /** Undefined when timerWheelEnable is off: then nothing is popped and nothing revived. */
  readonly timer: TimerService | undefined
  /** For the routes that assignments are made from. */
  readonly client: RemotingClient
}

/** POP consumption: the broker keeps who has which message (remoting.md section 25). */
export class PopService {
  readonly #parts: PopParts
  /** Requests that wait to be told of messages (code 200054). */
  readonly #listeners: PopPolling
  readonly #processors: Processors
  readonly #revivers: readonly ReviveQueue[]
  readonly #loops: readonly BackgroundLoop[]
  #stopListening: (() => void) | undefined

  constructor({ parts, files, timer, client }: PopServiceOptions) {
    const { clock, config, log } = parts
    const polling = new PopPolling(clock, config)
    this.#listeners = new PopPolling(clock, config)
    const orders = new ConsumerOrders({
      clock,
      ...files.consumerOrders,
      exists: (topic, consumerGroup, queueId) =>
        queueId < (parts.topics.get(topic)?.readQueueNums ?? 0) &&
        parts.groups.get(consumerGroup) !== undefined,
      onFree: (topic, consumerGroup, queueId) => this.#wake(topic, consumerGroup, queueId),
    })
    this.#parts = { ...parts, orders, polling, popLocks: new PopLocks() }
    const modes = new MessageRequestModes(config, files.messageRequestModes)
    const topicQueues = new TopicQueues({ clock, log, client, config, topics: parts.topics })
    const messages = new PopMessages(this.#parts)
    this.#processors = {
      POP_MESSAGE: (header, request) => messages.pop(header, request),
      ...ackProcessors(this.#parts),
      ...changeInvisibleTime(this.#parts),
      ...notificationProcessors(this.#parts, this.#listeners),
      ...assignmentProcessors({ ...parts, modes, topicQueues }),
    }
    this.#revivers = timer === undefined ? [] : reviversOf(parts, timer)
    this.#loops = [
      ...this.#revivers.map((reviver) => {
        const loop = { clock, log, code: 'REVIVE_FAILED', everyMs: () => config.reviveInterval }
        return new BackgroundLoop(loop, () => reviver.run())
      }),
      new BackgroundLoop(
        { clock, log, code: 'CONSUMER_ORDERS_NOT_SAVED', everyMs: config.flushConsumerOffsetInterval },
        () => orders.persist(),
      ),
    ]
  }

  processors(): Processors {
    return this.#processors
  }

  start(): void {
    const { orders, polling, store } = this.#parts
    this.#stopListening = store.onArrival((arrival, properties) => {
      polling.arrived(arrival, properties)
      this.#listeners.arrived(arrival, properties)
    })
    orders.start()
    for (const loop of this.#loops) loop.start()
  }

  connectionClosed(connection: Connection): void {
    this.#parts.polling.ownerGone(connection)
    this.#listeners.ownerGone(connection)
  }

  /** Answers the pops that wait, those to come too. */
  releaseWaiting(): void {
    this.#parts.polling.releaseAll()
    this.#listeners.releaseAll()
  }

  async stop(): Promise<void> {
    this.#stopListening?.()
    for (const reviver of this.#revivers) reviver.stop()
    for (const loop of this.#loops) await loop.stop()
    this.#parts.orders.stop()
    await this.#parts.orders.persist()
  }

  #wake(topic: string, consumerGroup: string, queueId: number): void {
    this.#parts.polling.wake(topic, consumerGroup, queueId)
    this.#listeners.wake(topic, consumerGroup, queueId)
  }
}

function reviversOf(parts: BrokerParts, timer: TimerService): ReviveQueue[] {
  return Array.from(
    { length: parts.config.reviveQueueNum },
    (_, queueId) => new ReviveQueue(parts, queueId, () => timer.isBehind),
  )
}
