import {
  decodeRecords,
  encodePopReceipt,
  type MessageExt,
  Property,
  parsePopOffsets,
} from '@rockhopper/message'
import type { RequestHeader, ResponseHeader } from '@rockhopper/remoting'
import { type BrokerUnderTest, type StartOptions, startBroker } from '../broker.fixture.js'

export interface Popped {
  readonly body: string
  readonly message: MessageExt
  /** What acknowledges it. */
  readonly extraInfo: string
  /** The topic it lies in. */
  readonly topic: string
}

export interface PopAnswer {
  readonly code: number
  readonly remark: string | undefined
  readonly messages: Popped[]
  readonly header: ResponseHeader<'POP_MESSAGE'>
}

export const TOPIC = 'PopTopic'
export const GROUP = 'pop_group'

/** A broker with a topic of `queues` queues. Its clock stands at a full second. */
export async function startPopBroker(options: StartOptions = {}, queues = 1): Promise<BrokerUnderTest> {
  const each = await startBroker(options)
  await each.clock.advance(1_000 - (each.clock.now() % 1_000))
  await each.client.invoke(each.broker.address, 'UPDATE_AND_CREATE_TOPIC', {
    topic: TOPIC,
    defaultTopic: 'TBW102',
    readQueueNums: queues,
    writeQueueNums: queues,
    perm: 6,
    topicFilterType: 'SINGLE_TAG',
    order: false,
  })
  return each
}

export async function pop(
  { broker, client, clock }: BrokerUnderTest,
  header: Partial<RequestHeader<'POP_MESSAGE'>> = {},
): Promise<PopAnswer> {
  const full: RequestHeader<'POP_MESSAGE'> = {
    consumerGroup: GROUP,
    topic: TOPIC,
    queueId: -1,
    maxMsgNums: 32,
    invisibleTime: 10_000,
    pollTime: 0,
    bornTime: clock.now(),
    initMode: 0,
    ...header,
  }
  const response = await client.invoke(broker.address, 'POP_MESSAGE', full)
  const found = response.body ? decodeRecords(response.body) : []
  return {
    code: response.code,
    remark: response.remark,
    header: response.header,
    messages: found.map((message) => poppedOf(message, full, response.header)),
  }
}

function poppedOf(
  message: MessageExt,
  { consumerGroup, topic }: RequestHeader<'POP_MESSAGE'>,
  header: ResponseHeader<'POP_MESSAGE'>,
): Popped {
  const body = message.body.toString()
  const given = message.properties[Property.POP_CK]
  if (given !== undefined)
    return { body, message, extraInfo: given, topic: `%RETRY%${consumerGroup}_${topic}` }
  const queues = parsePopOffsets(header.startOffsetInfo ?? '', header.msgOffsetInfo ?? '') ?? []
  const queue = queues.find((each) => each.queueId === message.queueId && each.retryFlag === '0')
  if (!queue?.queueOffsets.includes(message.queueOffset))
    throw new Error('the answer does not name this message')
  const extraInfo = encodePopReceipt({
    ckQueueOffset: queue.startOffset,
    popTime: header.popTime,
    invisibleTime: header.invisibleTime,
    reviveQid: header.reviveQid,
    retryFlag: '0',
    brokerName: 'broker-a',
    queueId: message.queueId,
    queueOffset: message.queueOffset,
  })
  return { body, message, extraInfo, topic }
}

export function ack({ broker, client }: BrokerUnderTest, { extraInfo, message, topic }: Popped) {
  const { queueId, queueOffset: offset } = message
  return client.invoke(broker.address, 'ACK_MESSAGE', {
    consumerGroup: GROUP,
    topic,
    queueId,
    extraInfo,
    offset,
  })
}

export function changeInvisible(
  { broker, client }: BrokerUnderTest,
  { extraInfo, message, topic }: Popped,
  invisibleTime: number,
) {
  const { queueId, queueOffset: offset } = message
  const header = { consumerGroup: GROUP, topic, queueId, extraInfo, offset, invisibleTime }
  return client.invoke(broker.address, 'CHANGE_MESSAGE_INVISIBLETIME', header)
}

/** Sends one message of each body to a queue, and waits until the group could pop them. */
export async function sendAll(each: BrokerUnderTest, bodies: readonly string[], queueId = 0): Promise<void> {
  for (const body of bodies) {
    const { code, remark } = await each.send({ topic: TOPIC, body, header: { queueId } })
    if (code !== 0) throw new Error(`refused: ${code} ${remark}`)
  }
  await each.clock.advance(1)
}

/** Pops until nothing is left; with what was found. */
export async function popAll(
  each: BrokerUnderTest,
  header: Partial<RequestHeader<'POP_MESSAGE'>> = {},
): Promise<Popped[]> {
  const found: Popped[] = []
  for (;;) {
    const { messages } = await pop(each, header)
    if (messages.length === 0) return found
    found.push(...messages)
  }
}

/**
 * Pops, and lets time pass, until `count` messages were found: the disk needs turns of the loop that no clock
 * counts. A message that must not come is shown absent by one that was popped with it and comes.
 */
export async function untilPopped(
  each: BrokerUnderTest,
  count: number,
  header: Partial<RequestHeader<'POP_MESSAGE'>> = {},
): Promise<Popped[]> {
  const found: Popped[] = []
  for (let left = 2_000; left > 0; left--) {
    found.push(...(await popAll(each, { invisibleTime: 86_400_000, ...header })))
    if (found.length >= count) return found
    await each.clock.advance(100)
  }
  throw new Error(`only ${found.map(({ body }) => body).join(', ')} came`)
}

export const bodiesOf = (messages: readonly Popped[]): string[] => messages.map(({ body }) => body).sort()
