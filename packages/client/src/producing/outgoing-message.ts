import type { Compute } from '@rockhopper/env'
import {
  type CompressionType,
  checkTopic,
  encodeBatch,
  encodeProperties,
  isDelayed,
  isRetryTopic,
  type Message,
  MqError,
  messageProperties,
  PROPERTIES_SIZE_MAX,
  type Properties,
  Property,
  propertiesText,
  SysFlag,
  withCompression,
} from '@rockhopper/message'
import { isReplyMessage } from '../reply-message.js'

/**
 * What goes on the wire, fixed at the time of the call: changing the caller's message or bytes later does
 * nothing.
 */
export interface OutgoingMessage {
  readonly topic: string
  readonly kind: 'single' | 'batch' | 'reply'
  readonly body: Buffer
  /** As the send header carries them. */
  readonly propertiesText: string
  readonly flag: number
  readonly sysFlag: number
  /** UNIQ_KEY; of a batch, joined by a comma. */
  readonly messageId: string
  /** The message, or the first of a batch: what a selector sees. */
  readonly message: Message
  readonly reconsumeTimes: number
  readonly maxReconsumeTimes?: number
}

export interface OutgoingLimits {
  readonly maxMessageSize: number
}

/** Properties that only this client sets: requests, replies and retries. */
export type InternalProperties = Readonly<Record<string, string>>

/** Checks and copies one message. Throws MqError (TOPIC_ILLEGAL, MESSAGE_TOO_LARGE, PROPERTY_*, ...). */
export function outgoingSingle(
  message: Message,
  nextId: () => string,
  limits: OutgoingLimits,
  internal: InternalProperties = {},
): OutgoingMessage {
  const { properties, body } = copyOf(message, limits)
  Object.assign(properties, internal)
  const messageId = properties[Property.UNIQ_KEY] ?? nextId()
  properties[Property.UNIQ_KEY] = messageId
  const reply = isReplyMessage(message)
  if (reply) Object.assign(properties, replyProperties(message.reply))
  const text = propertiesText(properties)
  if (Buffer.byteLength(text) > PROPERTIES_SIZE_MAX) throw tooLarge('PROPERTIES_TOO_LARGE', message.topic)
  return {
    topic: message.topic,
    kind: reply ? 'reply' : 'single',
    body,
    propertiesText: text,
    flag: message.flag ?? 0,
    sysFlag: 0,
    messageId,
    message: { ...message },
    reconsumeTimes: 0,
  }
}

/** Checks and encodes a batch (remoting.md section 9.6). Never compressed. */
export function outgoingBatch(
  messages: readonly Message[],
  nextId: () => string,
  limits: OutgoingLimits,
): OutgoingMessage {
  const [first] = messages
  if (first === undefined) throw new MqError('MESSAGE_ILLEGAL', 'Sending a batch without messages')
  const wait = first.waitStoreMessageOk ?? true
  const ids: string[] = []
  const entries = messages.map((message) => {
    const reason = refusalInBatch(message, first.topic, wait)
    if (reason !== undefined)
      throw new MqError('MESSAGE_ILLEGAL', `Sending a batch to '${first.topic}': ${reason}`)
    const { properties, body } = copyOf(message, limits)
    const messageId = nextId()
    properties[Property.UNIQ_KEY] = messageId
    ids.push(messageId)
    const encoded = encodeProperties(properties)
    if (encoded.length > PROPERTIES_SIZE_MAX) throw tooLarge('PROPERTIES_TOO_LARGE', message.topic)
    return { flag: message.flag ?? 0, body, properties: encoded }
  })
  const body = encodeBatch(entries)
  if (body.length > limits.maxMessageSize) {
    const sizes = `${body.length} bytes, at most ${limits.maxMessageSize}`
    const what = `Sending a batch of ${messages.length} messages (${sizes}) to '${first.topic}'`
    throw new MqError('MESSAGE_TOO_LARGE', what)
  }
  return {
    topic: first.topic,
    kind: 'batch',
    body,
    propertiesText: propertiesText({ [Property.WAIT]: String(wait) }),
    flag: 0,
    sysFlag: 0,
    messageId: ids.join(','),
    message: { ...first },
    reconsumeTimes: 0,
  }
}

/**
 * The same message with its body compressed when it has `sizeMin` bytes or more (remoting.md section 30).
 * Rejects with MqError COMPRESSION_UNSUPPORTED.
 */
export async function compressed(
  outgoing: OutgoingMessage,
  compute: Compute,
  options: { readonly sizeMin: number; readonly level: number; readonly type: CompressionType },
): Promise<OutgoingMessage> {
  const { kind, sysFlag, topic } = outgoing
  const { type, level } = options
  const done = kind === 'batch' || (sysFlag & SysFlag.COMPRESSED) !== 0
  if (done || outgoing.body.length < options.sizeMin) return outgoing
  const body = await compute.compress(type, outgoing.body, level).catch((cause: Error) => {
    throw new MqError(
      'COMPRESSION_UNSUPPORTED',
      `Sending to '${topic}', compressed with ${type}: ${cause.message}`,
      {
        cause,
      },
    )
  })
  return { ...outgoing, body, sysFlag: withCompression(sysFlag, type) }
}

function copyOf(message: Message, limits: OutgoingLimits): { properties: Properties; body: Buffer } {
  const reason = checkTopic(message.topic)
  if (reason !== undefined) throw new MqError('TOPIC_ILLEGAL', `Sending to '${message.topic}': ${reason}`)
  const { body: given } = message
  const body = typeof given === 'string' ? Buffer.from(given) : Buffer.from(given)
  if (body.length > limits.maxMessageSize) {
    throw new MqError(
      'MESSAGE_TOO_LARGE',
      `Sending ${body.length} bytes (at most ${limits.maxMessageSize}) to '${message.topic}'`,
    )
  }
  return { properties: messageProperties(message), body }
}

function replyProperties(reply: {
  readonly correlationId: string
  readonly replyToClient: string
  readonly ttlMs: string
}): Record<string, string> {
  return {
    [Property.MSG_TYPE]: 'reply',
    [Property.CORRELATION_ID]: reply.correlationId,
    [Property.REPLY_TO_CLIENT]: reply.replyToClient,
    [Property.TTL]: reply.ttlMs,
  }
}

function refusalInBatch(message: Message, topic: string, wait: boolean): string | undefined {
  if (message.topic !== topic) return `a message is for '${message.topic}'.`
  if ((message.waitStoreMessageOk ?? true) !== wait) return 'waitStoreMessageOk differs between its messages.'
  if (isDelayed(message)) return 'a message has a delay.'
  if (message.priority !== undefined) return 'a message has a priority.'
  if (isRetryTopic(topic)) return 'retry topics take no batches.'
  return undefined
}

const tooLarge = (code: 'PROPERTIES_TOO_LARGE', topic: string): MqError =>
  new MqError(code, `Sending to '${topic}'`)
