import {
  Admin,
  type ClientOptions,
  Producer,
  type ProducerOptions,
  PushConsumer,
  type PushConsumerOptions,
  type TransactionProducerOptions,
} from '@rockhopper/client'
import type { ExecuteTransaction, NativeTransactionProducer } from './transaction-outcome.js'

export type NativeProducer = Pick<Producer, 'start' | 'shutdown' | 'send' | 'request' | 'recallMessage'>
export type NativeConsumer = Pick<PushConsumer, 'subscribe' | 'start' | 'suspend' | 'resume' | 'shutdown'> &
  Partial<Pick<PushConsumer, 'sinceLastPoll'>>

/** What health, topics of regular expressions and `unwrap()` ask a cluster. */
export type NativeAdmin = Pick<Admin, 'start' | 'shutdown' | 'topicList' | 'consumerProgress' | 'topicRoute'>

/**
 * Where the transport gets its producers and consumers: a seam, so that tests can put a broker in memory
 * behind it. What is made does nothing before its `start`.
 */
export interface RocketMQClients {
  producer(options: ProducerOptions): NativeProducer
  consumer(options: PushConsumerOptions): NativeConsumer
  admin(options: ClientOptions): NativeAdmin
  /** For `client.transaction()`. Default: that of `@rockhopper/client`. */
  transactionProducer?(options: TransactionProducerOptions<ExecuteTransaction>): NativeTransactionProducer
  /** Resolves when a name server of the list answers, rejects when none does. */
  probe(options: ClientOptions): Promise<void>
}

export const nativeClients: RocketMQClients = {
  producer: (options) => new Producer(options),
  consumer: (options) => new PushConsumer(options),
  admin: (options) => new Admin(options),
  probe: async (options) => {
    const admin = new Admin(options)
    await admin.start()
    try {
      await admin.clusterInfo()
    } finally {
      await admin.shutdown()
    }
  },
}
