import type { MessageView } from '@rockhopper/client'
import { parsePattern, type ServerRocketMQ, type Verdict } from '@rockhopper/nestjs'

export interface DeliveredMessage {
  readonly keys?: readonly string[]
  readonly properties?: Readonly<Record<string, string>>
  /** 1 (default) for the first delivery. */
  readonly attempt?: number
  /** Consumer group whose handler gets it; needed when several groups take the message. */
  readonly group?: string
}

/**
 * Gives a message straight to its handler, with pipes, guards, filters, schema and retry policy, and tells
 * what would become of it: `expect(await deliver(server, 'order:created', order)).toEqual({ kind: 'done' })`.
 * No broker is needed. Data is sent as JSON, bytes and text as they are.
 */
export function deliver(
  server: ServerRocketMQ,
  pattern: string,
  data: unknown,
  { group, ...more }: DeliveredMessage = {},
): Promise<Verdict> {
  return server.deliver(messageOf(pattern, data, more), group)
}

let nextId = 1

/** A message as a consumer would have pulled it. */
export function messageOf(
  pattern: string,
  data: unknown,
  { keys = [], properties = {}, attempt = 1 }: Omit<DeliveredMessage, 'group'> = {},
): MessageView {
  const { topic, tags } = parsePattern(pattern)
  const [tag] = tags
  const body = Buffer.isBuffer(data)
    ? data
    : Buffer.from(typeof data === 'string' ? data : JSON.stringify(data))
  const messageId = String(nextId++).padStart(32, '0')
  const host = { address: '127.0.0.1', port: 1 }
  return {
    topic,
    body,
    keys,
    ...(tag === undefined ? {} : { tag }),
    properties: { ...properties, ...(tag === undefined ? {} : { TAGS: tag }), UNIQ_KEY: messageId },
    messageId,
    offsetMessageId: messageId,
    brokerName: 'test',
    messageQueue: { topic, brokerName: 'test', queueId: 0 },
    queueId: 0,
    queueOffset: 0,
    physicalOffset: 0,
    flag: 0,
    sysFlag: 0,
    bodyCrc: 0,
    bornTimestamp: 0,
    bornHost: host,
    storeTimestamp: 0,
    storeHost: host,
    reconsumeTimes: attempt - 1,
    preparedTransactionOffset: 0,
    storeSize: body.length,
  }
}
