import { MqError } from '@rockhopper/message'
import {
  type CommandName,
  commandRow,
  type RequestHeader,
  type ResponseHeader,
} from '../protocol/commands.js'
import { COMMON_REQUEST_FIELDS, type Fields } from '../protocol/field.js'
import { encodeFrameHead, encodeTextHead } from '../protocol/frame.js'
import { decodeHeader, encodeHeader, headerText } from '../protocol/header-fields.js'
import { jsonHeaderText } from '../protocol/header-json.js'
import {
  type ExtFields,
  Flag,
  type Language,
  type RemotingCommand,
  SerializeType,
} from '../protocol/remoting-command.js'
import type { Reply } from './processor.js'

/** Who we say we are in every frame. */
export interface Identity {
  readonly language: Language
  /** MQVersion ordinal of our requests, and of our responses: the Java server leaves 0 in those. */
  readonly requestVersion: number
  readonly responseVersion: number
  /** Signs every request; undefined where nobody asks for it. */
  readonly sign?: SignRequest | undefined
}

/** Fields to add to those of a request, which prove who sends it. Sees all other fields and the body. */
export type SignRequest = (extFields: ExtFields, body: Uint8Array | undefined) => ExtFields

/** An answer, whatever its code. */
export interface Response<N extends CommandName> {
  readonly code: number
  readonly remark: string | undefined
  /** Complete under the codes of the row's `headerOn`; under others required fields may be missing. */
  readonly header: ResponseHeader<N>
  /** All fields of the wire. No prototype. */
  readonly extFields: ExtFields
  readonly body: Buffer | undefined
  readonly version: number
  readonly language: Language | undefined
}

export const NO_FIELDS: ExtFields = Object.freeze(Object.create(null))

/** Row fields of a request with those every request may carry; a row's own meaning of a name wins. */
export function requestFields(name: CommandName): Fields {
  let fields = REQUEST_FIELDS.get(name)
  if (fields === undefined) {
    fields = { ...COMMON_REQUEST_FIELDS, ...commandRow(name).request }
    REQUEST_FIELDS.set(name, fields)
  }
  return fields
}

/** Put together anew for each request they were 10 % of the CPU of a pull. */
const REQUEST_FIELDS = new Map<CommandName, Fields>()

/** Frame of a request up to its body. Throws MqError ARGUMENT_ILLEGAL or FRAME_TOO_LARGE. */
export function encodeRequestHead<N extends CommandName>(
  identity: Identity,
  name: N,
  header: RequestHeader<N>,
  frame: {
    readonly opaque: number
    readonly flag: number
    readonly body: Uint8Array | undefined
    readonly extFields: ExtFields | undefined
  },
): Buffer {
  const { sign } = identity
  const fields = mergeFields(encodeHeader(requestFields(name), header as never), frame.extFields)
  const command: Omit<RemotingCommand, 'body'> = {
    code: commandRow(name).code,
    flag: frame.flag,
    opaque: frame.opaque,
    version: identity.requestVersion,
    language: identity.language,
    extFields: sign === undefined ? fields : { ...fields, ...sign(fields ?? NO_FIELDS, frame.body) },
    // Never binary: its 16-bit code has no room for the POP commands (remoting.md section 4).
    serializeType: SerializeType.JSON,
  }
  return encodeFrameHead(command, frame.body?.length ?? 0)
}

/** Frame of a reply up to its body. Throws MqError as `encodeRequestHead`. */
export function encodeReplyHead(
  identity: Identity,
  name: CommandName | undefined,
  opaque: number,
  reply: Reply<CommandName>,
  bodySize: number,
): Buffer {
  const header = name === undefined ? undefined : reply.header
  const command = {
    code: reply.code,
    flag: Flag.RESPONSE,
    opaque,
    version: identity.responseVersion,
    language: identity.language,
    remark: reply.remark,
  }
  const response = name === undefined ? NO_ROW : commandRow(name).response
  if (reply.extFields === undefined) {
    // Java writes no extFields at all when a header has none.
    const fields = header === undefined ? '' : headerText(response, header as never)
    return encodeTextHead(jsonHeaderText(command, fields === '' ? undefined : fields), bodySize, reply.code)
  }
  const fields = header === undefined ? undefined : encodeHeader(response, header as never)
  const extFields = mergeFields(fields, reply.extFields)
  return encodeFrameHead({ ...command, extFields, serializeType: SerializeType.JSON }, bodySize)
}

const NO_ROW: Fields = {}

/**
 * Throws MqError BODY_ILLEGAL when a field the row requires is missing or malformed. `what` names the call.
 */
export function readResponse<N extends CommandName>(
  name: N,
  response: RemotingCommand,
  what: string,
): Response<N> {
  const row = commandRow(name)
  const extFields = response.extFields ?? NO_FIELDS
  const header = decodeHeader(row.response, extFields, !row.headerOn.includes(response.code))
  if (!header.ok)
    throw new MqError('BODY_ILLEGAL', `${what} was answered with a bad header: ${header.reason}`)
  return {
    code: response.code,
    remark: response.remark,
    header: header.value as ResponseHeader<N>,
    extFields,
    body: response.body,
    version: response.version,
    language: response.language,
  }
}

/** Java writes no extFields at all when a header has none. */
function mergeFields(
  fields: Record<string, string> | undefined,
  more: ExtFields | undefined,
): ExtFields | undefined {
  const merged = more === undefined ? fields : Object.assign(fields ?? Object.create(null), more)
  return merged === undefined || Object.keys(merged).length === 0 ? undefined : merged
}
