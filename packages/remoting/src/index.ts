export { type JsonObject, type JsonResult, type JsonValue, parseLenientJson } from './json/lenient-json.js'
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
export { decodeHeader, encodeHeader, type HeaderResult } from './protocol/header-fields.js'
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
