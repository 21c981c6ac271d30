import {
  decodeBatch,
  dlqTopic,
  groupOfTopic,
  isRetryTopic,
  PROPERTIES_SIZE_MAX,
  type Properties,
  Property,
  parseProperties,
  type RecordDraft,
  SysFlag,
  TOPIC_LENGTH_MAX,
} from '@rockhopper/message'
import { type Request, ResponseCode, refuse, type TopicConfig } from '@rockhopper/remoting'
import { delayLevelOf } from '../delayed-message.js'
import { needsOf, refuseWrite, settle, writeDraft, writeMessage } from '../message-writer.js'
import type { BrokerParts } from '../parts.js'
import { takePriorityQueue } from '../priority.js'
import {
  findSendTopic,
  type Refusal,
  refuseQueue,
  refuseTopicName,
  type SendHeader,
  unknownTopic,
} from '../send-checks.js'
import { type SendReply, sendReply } from '../send-reply.js'
import { brokerProperties, closedText, isPlain } from '../stored-properties.js'
import { topicConfig } from '../system-topics.js'
import { recallHandleOf } from '../timer/timed-message.js'
import type { Transactions } from '../transaction/transactions.js'

const NO_BODY = Buffer.alloc(0)

export type SendParts = BrokerParts & { readonly transactions: Pick<Transactions, 'putHalf'> }

/**
 * The general entry of codes 10, 310 and 320: any send, also to a topic that does not exist yet. The turn
 * entry (send-turn-entry.ts) does the same for the sends it takes.
 */
export function sendProcessors(parts: SendParts) {
  const send = (header: SendHeader, request: Request) =>
    header.batch === true ? sendBatch(parts, header, request) : sendSingle(parts, header, request)
  return {
    SEND_MESSAGE: send,
    SEND_MESSAGE_V2: send,
    SEND_BATCH_MESSAGE: (header: SendHeader, request: Request) => sendBatch(parts, header, request),
  }
}

/** A topic and queue that may be written, or why not. */
async function findTarget(
  parts: BrokerParts,
  header: SendHeader,
): Promise<{ topic: TopicConfig; queueId: number } | Refusal> {
  const refusal = refuseTopicName(parts, header.topic)
  if (refusal !== undefined) return refusal
  const topic = parts.topics.get(header.topic) ?? (await findSendTopic(parts, header))
  if (topic === undefined) return unknownTopic(header.topic)
  const illegalQueue = refuseQueue(topic, header.queueId)
  if (illegalQueue !== undefined) return illegalQueue
  const queueId = header.queueId >= 0 ? header.queueId : parts.random.int(Math.max(1, topic.writeQueueNums))
  return { topic, queueId }
}

async function sendSingle(parts: SendParts, header: SendHeader, request: Request): Promise<SendReply> {
  const target = await findTarget(parts, header)
  if ('code' in target) return refuse(target.code, target.remark)
  const text = header.properties ?? ''
  const properties = parseProperties(text)
  if (!isQueued(header.sysFlag) && !wantsTransaction(properties)) return refuseTransaction(parts)
  // Asked first: a priority that is taken off must not be stored with the text it came in.
  const plain = isPlain(properties) && !isRetryTopic(header.topic)
  const queueId = takePriorityQueue(properties, target.topic) ?? target.queueId
  const draft = draftOf(parts, header, request, queueId)
  if (plain) {
    const bytes = Buffer.from(closedText(text))
    const propertiesTail = parts.propertiesTail.of(parts.config)
    if (bytes.length + propertiesTail.length > PROPERTIES_SIZE_MAX)
      return refuse(ResponseCode.MESSAGE_ILLEGAL, TOO_LONG)
    const written = await writeDraft(
      parts,
      { ...draft, properties: bytes, propertiesTail },
      needsOf(parts, properties),
    )
    return sendReply(parts, written, queueId, properties[Property.UNIQ_KEY])
  }
  return sendOdd(parts, header, request, { ...draft, properties })
}

const TOO_LONG = `the properties take more than ${PROPERTIES_SIZE_MAX} bytes`

/** Delayed, retried and transactional messages, and those that lack what the broker adds. */
async function sendOdd(
  parts: SendParts,
  header: SendHeader,
  request: Request,
  draft: Omit<RecordDraft, 'properties'> & { readonly properties: Properties },
): Promise<SendReply> {
  const { properties } = draft
  delete properties[Property.POP_CK]
  const uniqueKey = properties[Property.UNIQ_KEY] ?? parts.nextUniqueId()
  properties[Property.UNIQ_KEY] = uniqueKey
  Object.assign(properties, brokerProperties(parts.config))
  const diverted = await divertRetry(parts, header, request, properties)
  if (diverted !== undefined && 'code' in diverted) return refuse(diverted.code, diverted.remark)
  const retried = draft.reconsumeTimes > 0 && delayLevelOf(properties) > 0
  const queueId = diverted?.queueId ?? draft.queueId
  if (wantsTransaction(properties) && !retried) {
    if (parts.config.rejectTransactionMessage) return refuseTransaction(parts)
    const half = { ...draft, ...diverted, properties }
    return sendReply(parts, await parts.transactions.putHalf(half, header.producerGroup), queueId, uniqueKey)
  }
  const written = await writeMessage(parts, { ...draft, ...diverted, properties })
  return sendReply(parts, written, queueId, uniqueKey, recallHandleOf(parts.config, properties))
}

function wantsTransaction(properties: Properties): boolean {
  return properties[Property.TRAN_MSG]?.toLowerCase() === 'true'
}

/** Prepared and rolled back messages get no queue entry: a half message is stored without the bits. */
function isQueued(sysFlag: number): boolean {
  const bits = sysFlag & SysFlag.TRANSACTION_MASK
  return bits !== SysFlag.TRANSACTION_PREPARED && bits !== SysFlag.TRANSACTION_ROLLBACK
}

function refuseTransaction({ config }: Pick<BrokerParts, 'config'>): SendReply {
  const remark = `the broker[${config.brokerIP1}] sending transaction message is forbidden`
  return refuse(ResponseCode.NO_PERMISSION, remark)
}

/** A message sent to a retry topic too often goes to the dead letters (Apache: handleRetryAndDLQ). */
async function divertRetry(
  parts: BrokerParts,
  header: SendHeader,
  request: Request,
  properties: Properties,
): Promise<{ topic: string; queueId: number } | Refusal | undefined> {
  const group = isRetryTopic(header.topic) ? groupOfTopic(header.topic) : undefined
  if (group === undefined) return undefined
  const config = await parts.groups.findOrCreate(group)
  if (config === undefined) {
    return {
      code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
      remark: `subscription group not exist, ${group}`,
    }
  }
  const limit = retryLimit(config.retryMaxTimes, header.maxReconsumeTimes, request.version)
  const inOrder = parts.locks.anyHeld(group)
  if ((header.reconsumeTimes ?? 0) <= limit && !inOrder) return undefined
  properties[Property.DELAY] = '-1'
  const topic = dlqTopic(group)
  if ((await parts.topics.findOrCreate(topicConfig(topic, 1))) === undefined) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: `topic[${topic}] not exist` }
  }
  return { topic, queueId: 0 }
}

/** Ordinal of V3_4_9: from there on a client's own limit counts. */
const VERSION_3_4_9 = 121

export function retryLimit(ofGroup: number, ofClient: number | undefined, version: number): number {
  return ofClient !== undefined && version >= VERSION_3_4_9 ? ofClient : ofGroup
}

async function sendBatch(parts: BrokerParts, header: SendHeader, request: Request): Promise<SendReply> {
  const target = await findTarget(parts, header)
  if ('code' in target) return refuse(target.code, target.remark)
  const prepared = prepareBatch(parts, header, request, target.queueId)
  if ('code' in prepared) return refuse(prepared.code, prepared.remark)
  const closed = refuseWrite(parts)
  if (closed !== undefined) return refuse(closed.code, closed.remark)
  const { draft, elements, properties } = prepared
  const result = parts.store.placeBatch(draft, elements)
  const written = await settle(parts, result, needsOf(parts, properties), elements.length)
  return sendReply(parts, written, target.queueId, properties[Property.UNIQ_KEY])
}

/** The rules of a batch (remoting.md section 9.6). Its elements are stored exactly as they came. */
export function prepareBatch(parts: BrokerParts, header: SendHeader, request: Request, queueId: number) {
  const illegal = (remark: string): Refusal => ({ code: ResponseCode.MESSAGE_ILLEGAL, remark })
  if (header.topic.length > TOPIC_LENGTH_MAX) {
    return illegal(`message topic length too long ${header.topic.length}`)
  }
  if (isRetryTopic(header.topic)) return illegal('batch request does not support retry group')
  const body = request.body ?? NO_BODY
  if (body.length > parts.config.maxMessageSize) return illegal(`the batch has ${body.length} bytes`)
  const batch = decodeBatch(body)
  if (!batch.ok) return illegal(batch.reason)
  if (batch.value.length === 0) return illegal('the batch is empty')
  const properties = parseProperties(header.properties ?? '')
  const draft = { ...draftOf(parts, header, request, queueId), properties: NO_BODY }
  return { draft, elements: batch.value, properties }
}

function draftOf(parts: BrokerParts, header: SendHeader, { body, connection }: Request, queueId: number) {
  return {
    topic: header.topic,
    queueId,
    body: body ?? NO_BODY,
    flag: header.flag,
    sysFlag: header.sysFlag,
    bornTimestamp: header.bornTimestamp,
    bornHost: { address: connection.remoteAddress, port: connection.remotePort },
    storeHost: parts.storeHost,
    reconsumeTimes: header.reconsumeTimes ?? 0,
    preparedTransactionOffset: 0,
  }
}
