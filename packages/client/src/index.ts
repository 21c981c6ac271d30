export type { MessageQueue } from '@rockhopper/remoting'
export type { AclCredentials } from './acl-signature.js'
export { Admin } from './admin.js'
export type {
  AdminTarget,
  CreateTopicOptions,
  QueryOptions,
  SubscriptionGroupSettings,
} from './admin-options.js'
export type {
  ClientHook,
  ListenerCall,
  ListenerCallEnd,
  RebalanceChange,
  SendAttempt,
  SendEnd,
} from './client-hook.js'
export type { ClientOptions } from './client-options.js'
export type { CloneOffsetsOptions, ResetOffsetOptions } from './consumer-administration.js'
export { type AllocateStrategy, AVG, AVG_BY_CIRCLE, allocateByConfig } from './consuming/allocation.js'
export { allocateByConsistentHash } from './consuming/consistent-hash.js'
export {
  allocateByMachineRoom,
  allocateMachineRoomNearby,
  type MachineRoomResolver,
  selectByMachineRoom,
} from './consuming/machine-room.js'
export type { FilterExpression } from './consuming/subscriptions.js'
export type { ConsumeContext, ConsumeResult, MessageListener } from './listener.js'
export {
  LitePullConsumer,
  type LitePullConsumerOptions,
  type PollOptions,
} from './lite-pull-consumer.js'
export type { MessageView } from './message-view.js'
export type { PoppedMessage } from './popped-message.js'
export { Producer } from './producer.js'
export type { ProducerOptions, QueueSelector, RequestOptions, SendOptions } from './producer-options.js'
export { splitBatch } from './producing/split-batch.js'
export { PullConsumer, type PullConsumerOptions, type PullOptions, type PullResult } from './pull-consumer.js'
export { PushConsumer } from './push-consumer.js'
export type {
  ConsumeFromWhere,
  MessageModel,
  PushConsumerOptions,
  ShutdownOptions,
} from './push-consumer-options.js'
export { createReplyMessage, type ReplyMessage } from './reply-message.js'
export type { SendResult, SendStatus } from './send-result.js'
export {
  type AckOptions,
  type ReceiveOptions,
  SimpleConsumer,
  type SimpleConsumerOptions,
} from './simple-consumer.js'
export type {
  LocalTransactionState,
  TransactionContext,
  TransactionListener,
  TransactionSendResult,
} from './transaction-listener.js'
export { TransactionProducer, type TransactionProducerOptions } from './transaction-producer.js'
