export type { NativeTransactionProducer, TransactionOutcome } from '../transaction-outcome.js'
export { ROCKETMQ_ENTITIES, rocketMQEntities } from './entities.js'
export { Inbox, type InboxOutcome } from './inbox.js'
export { InboxEntry } from './inbox-entry.js'
export { CreateOutboxAndInbox1764000000000 } from './migration.js'
export { OutboxModule, type OutboxModuleOptions } from './module.js'
export { EVENT_ID, type NewOutboxEvent, Outbox } from './outbox.js'
export { OutboxEvent } from './outbox-event.js'
export { type OutboxPublisher, OutboxRelay, type OutboxRelayOptions } from './outbox-relay.js'
export {
  RocketMQTransactions,
  type RocketMQTransactionsEvents,
  type RocketMQTransactionsOptions,
} from './transaction.js'
export { TransactionEntry } from './transaction-entry.js'
export { CreateRocketMQTransaction1764000000001 } from './transaction-migration.js'
export { RocketMQTransactionsModule, type RocketMQTransactionsModuleOptions } from './transaction-module.js'
export { serializeTransactions } from './turns.js'
