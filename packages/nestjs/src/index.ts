export {
  ClientRocketMQ,
  type RocketMQClientEvents,
  type RocketMQClientStatus,
  type SendReceipt,
} from './client.js'
export type { BodyCodec, BodyCodecName } from './codec.js'
export { type ConnectRocketMQOptions, connectRocketMQ } from './connect.js'
export { type Delivery, RocketMQContext } from './context.js'
export {
  type HandlerDecorator,
  type HandlerOptions,
  RocketMQEvent,
  RocketMQMessage,
  rocketMQHandlers,
} from './decorators.js'
export {
  DeadLetterException,
  IgnoreMessageException,
  type RemoteErrorFields,
  RetryLaterException,
  RocketMQRemoteError,
  RocketMQSetupError,
} from './exceptions.js'
export type { RocketMQExtras } from './extras.js'
export { RocketMQModule, type RocketMQModuleAsyncOptions } from './module.js'
export { type NativeConsumer, type NativeProducer, nativeClients, type RocketMQClients } from './native.js'
export type {
  MessagePolicy,
  RocketMQClientOptions,
  RocketMQConnectionOptions,
  RocketMQModuleOptions,
  RocketMQServerOptions,
} from './options.js'
export { formatPattern, parsePattern, type RocketMQPattern, type TopicPattern } from './pattern.js'
export { type RecordOptions, RocketMQRecord, RocketMQRecordBuilder } from './record.js'
export {
  type DeliveryFailure,
  type HoldReason,
  type RocketMQServerEvents,
  ServerRocketMQ,
  ServerRocketMQ as RocketMQStrategy,
} from './server.js'
export type { RocketMQServerStatus } from './server-run.js'
export { ROCKETMQ_OPTIONS, ROCKETMQ_TRANSPORT } from './transport.js'
