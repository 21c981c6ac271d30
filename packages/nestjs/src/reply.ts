import type { WritePacket } from '@nestjs/microservices'
import type { MessageView } from '@rockhopper/client'
import { createReplyMessage } from '@rockhopper/client'
import { type RemoteErrorFields, RocketMQRemoteError } from './exceptions.js'
import { REPLY_KIND, REPLY_SEQUENCE, type ReplyKind } from './properties.js'
import { errorText } from './verdict.js'

/** One reply to a request. */
export interface Reply {
  readonly kind: ReplyKind
  /** What the handler gave, or RemoteErrorFields. */
  readonly value?: unknown
  /** Number of this reply, when the one who asked takes several. */
  readonly sequence?: number
}

/** The message that answers `request`, marked with what its body is. */
export function replyMessage(
  request: MessageView,
  { kind, sequence }: Pick<Reply, 'kind' | 'sequence'>,
  body: Uint8Array | string,
) {
  const reply = createReplyMessage(request, body)
  const numbered = sequence === undefined ? {} : { [REPLY_SEQUENCE]: String(sequence) }
  return { ...reply, properties: { ...reply.properties, [REPLY_KIND]: kind, ...numbered } }
}

/** An error as data. Nest gives plain objects for most of them; fields it does not know travel as details. */
export function errorFields(error: unknown): RemoteErrorFields {
  if (typeof error !== 'object' || error === null) return { message: errorText(error) }
  const { name, message, code, details, status, stack, cause, ...rest } = error as Record<string, unknown>
  const more = details ?? (error instanceof Error || Object.keys(rest).length === 0 ? undefined : rest)
  return {
    ...(typeof name === 'string' ? { name } : {}),
    message: typeof message === 'string' ? message : 'Internal server error',
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(more === undefined ? {} : { details: more }),
  }
}

/** What a reply means to the one who asked. A reply of another client has no mark: its body is the value. */
export async function readReply(
  reply: { readonly body: Buffer; readonly properties: Readonly<Record<string, string>> },
  decode: (body: Buffer) => unknown,
): Promise<WritePacket> {
  switch (reply.properties[REPLY_KIND]) {
    case 'empty':
      return { isDisposed: true }
    case 'error':
      return { err: new RocketMQRemoteError(readErrorFields(reply.body)) }
    case 'next':
      return { response: await decode(reply.body) }
    default:
      return { response: await decode(reply.body), isDisposed: true }
  }
}

function readErrorFields(body: Buffer): RemoteErrorFields {
  const fields: unknown = parse(body.toString())
  if (typeof fields !== 'object' || fields === null) return { message: body.toString() }
  return errorFields(fields)
}

/** Bytes of another process: not JSON is no failure here, the text itself is then the message. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
