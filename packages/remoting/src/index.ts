export * from './body/consumer-filter.js'
export * from './body/consumer-progress.js'
export * from './body/data-version.js'
export * from './body/heartbeat.js'
export * from './body/message-queue.js'
export * from './body/pop.js'
export * from './body/queue-locks.js'
export * from './body/register-broker.js'
export * from './body/route.js'
export * from './body/subscription-group.js'
export * from './body/topic-config.js'
export * from './body/transaction-metrics.js'
export { createRemotingClient, type RemotingClient, type RemotingClientOptions } from './connection/client.js'
export type { Response, SignRequest } from './connection/command-codec.js'
export { type CloseReason, Connection, type InvokeOptions } from './connection/connection.js'
export type { RemotingCounters } from './connection/connection-shared.js'
export { DEFAULT_LIMITS, type RemotingLimits } from './connection/limits.js'
export {
  type Authorize,
  ok,
  type Principal,
  type Processor,
  type Processors,
  type Refusal,
  type Reply,
  type Request,
  type Resource,
  refuse,
  type ScannedProcessors,
  type TurnEntry,
} from './connection/processor.js'
export { createRemotingServer, type RemotingServer, type RemotingServerOptions } from './connection/server.js'
export { tlsHint } from './connection/tls-hint.js'
export { type JsonObject, type JsonResult, type JsonValue, parseLenientJson } from './json/lenient-json.js'
export type { Body, BodyOf, JsonForm, Shape } from './json/shape.js'
export {
  COMMANDS,
  type CommandName,
  commandName,
  RequestCode,
  type RequestHeader,
  type ResponseHeader,
} from './protocol/commands.js'
export type { Boundary, CommandRow, Field, Fields, FieldType, Header } from './protocol/field.js'
export {
  decodeFrame,
  encodeFrame,
  encodeFrameHead,
  FRAME_PREFIX_SIZE,
  FRAME_SIZE_MAX,
  type FrameFault,
} from './protocol/frame.js'
export { FrameReader, type FrameSink } from './protocol/frame-reader.js'
export { FrameView } from './protocol/frame-view.js'
export { decodeHeader, encodeHeader, type HeaderResult } from './protocol/header-fields.js'
export { HeaderScanner } from './protocol/header-scanner.js'
export {
  CURRENT_VERSION,
  type ExtFields,
  Flag,
  isOneway,
  isResponse,
  LANGUAGES,
  type Language,
  type RemotingCommand,
  SerializeType,
  Version,
} from './protocol/remoting-command.js'
export { ResponseCode, responseCodeName } from './protocol/response-code.js'
