import { type Message, type MessageExt, MqError, Property, replyTopic } from '@rockhopper/message'

/**
 * A message that answers another one; only `createReplyMessage` makes it, only `Producer.send` understands
 * it.
 */
export interface ReplyMessage extends Message {
  readonly reply: {
    readonly correlationId: string
    /** Client id of who asked. */
    readonly replyToClient: string
    readonly ttlMs: string
    /** The broker that delivered the request: it is the one that knows the asking client. */
    readonly brokerName?: string
  }
}

/**
 * The answer to a message that was sent with `Producer.request` (Apache: MessageUtil.createReplyMessage).
 * Send it with any producer. Throws MqError MESSAGE_ILLEGAL when nobody waits for an answer to `request`.
 */
export function createReplyMessage(
  request: MessageExt & { readonly brokerName?: string },
  body: Uint8Array | string,
): ReplyMessage {
  const { [Property.CLUSTER]: cluster, [Property.CORRELATION_ID]: correlationId } = request.properties
  const { [Property.REPLY_TO_CLIENT]: replyToClient, [Property.TTL]: ttlMs } = request.properties
  if (cluster === undefined || correlationId === undefined || replyToClient === undefined) {
    throw new MqError(
      'MESSAGE_ILLEGAL',
      `Replying to a message of topic '${request.topic}' that is not a request`,
    )
  }
  const { brokerName } = request
  return {
    topic: replyTopic(cluster),
    body,
    reply: {
      correlationId,
      replyToClient,
      ttlMs: ttlMs ?? '3000',
      ...(brokerName === undefined ? {} : { brokerName }),
    },
  }
}

export const isReplyMessage = (message: Message): message is ReplyMessage => 'reply' in message
