export {
  ClientRocketMQ,
  type RocketMQClientEvents,
  type RocketMQClientStatus,
  type SendReceipt,
} from './client.js'
export type { RocketMQTransactionOptions, TransactionCheck } from './client-transactions.js'
export type { BodyCodec, BodyCodecName } from './codec.js'
export { type ConnectRocketMQOptions, connectRocketMQ } from './connect.js'
export { type Delivery, RocketMQContext } from './context.js'
export { DEAD_LETTER } from './dead-letter.js'
export {
  type HandlerDecorator,
  type HandlerOptions,
  RocketMQEvent,
  RocketMQMessage,
  rocketMQHandlers,
} from './decorators.js'
export type { DeliveryFailure, RocketMQServerEvents } from './delivery-failure.js'
export { type Environment, rocketMQEnvironment, rocketMQOptions } from './environment/variables.js'
export {
  BatchFailedException,
  DeadLetterException,
  IgnoreMessageException,
  type RemoteErrorFields,
  RetryLaterException,
  RocketMQRemoteError,
  RocketMQSettledError,
  RocketMQSetupError,
  RocketMQValidationError,
  RollbackMessageException,
} from './exceptions.js'
export type { RocketMQExtras } from './extras.js'
export {
  type HealthPart,
  type ReadinessOptions,
  type RocketMQHealth,
  RocketMQHealthIndicator,
} from './health.js'
export type { RocketMQInstrumentation } from './instrumentation.js'
export { RocketMQModule, type RocketMQModuleAsyncOptions } from './module.js'
export {
  type NativeAdmin,
  type NativeConsumer,
  type NativeProducer,
  nativeClients,
  type RocketMQClients,
} from './native.js'
export type {
  MessagePolicy,
  RocketMQClientOptions,
  RocketMQConnectionOptions,
  RocketMQModuleOptions,
  RocketMQServerOptions,
} from './options.js'
export { keepOriginalErrors } from './original-error.js'
export {
  formatPattern,
  type HandlerPattern,
  parsePattern,
  type RocketMQPattern,
  type TopicPattern,
} from './pattern.js'
export { type RecordOptions, RocketMQRecord, RocketMQRecordBuilder } from './record.js'
export {
  type ClassifyError,
  type ErrorKind,
  type ErrorName,
  IgnoredError,
  PermanentError,
  type RetryPolicy,
  TransientError,
} from './retry-policy.js'
export {
  type HoldReason,
  ServerRocketMQ,
  ServerRocketMQ as RocketMQStrategy,
  type UnwrappedServer,
} from './server.js'
export type { GroupState, RocketMQServerStatus } from './server-run.js'
export type {
  SchemaInput,
  SchemaIssue,
  SchemaOutput,
  SchemaResult,
  TopicSchema,
  TopicSchemas,
} from './topic-schema.js'
export { defineTopics, type RocketMQTopics, type TypedPublisher } from './topics.js'
export type {
  ExecuteTransaction,
  NativeTransactionProducer,
  TransactionOutcome,
} from './transaction-outcome.js'
export {
  clientToken,
  healthToken,
  optionsToken,
  ROCKETMQ_CONNECTION,
  ROCKETMQ_OPTIONS,
  ROCKETMQ_TRANSPORT,
  rocketMQTransport,
  serverToken,
} from './transport.js'
export type { Verdict } from './verdict.js'
