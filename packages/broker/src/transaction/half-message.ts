import {
  encodeProperties,
  encodeRecord,
  type HostAddress,
  type MessageExt,
  PROPERTIES_SIZE_MAX,
  type Properties,
  Property,
  type RecordDraft,
  recordSize,
  SysFlag,
  SystemTopic,
  withTransactionType,
} from '@rockhopper/message'
import type { OutgoingMessage } from '../message-writer.js'

/** The one queue of the half topic, and of the topic of op messages (store-format.md section 14). */
export const HALF_QUEUE = 0

/** Bytes kept free for what checks add later: TRANSACTION_CHECK_TIMES and TRAN_PREPARED_QUEUE_OFFSET. */
const ROOM_FOR_CHECKS = 100

/** A message as it waits for its decision (Apache: TransactionalMessageBridge.parseHalfMessageInner). */
export function halfDraft(message: OutgoingMessage, producerGroup: string): RecordDraft | undefined {
  const properties: Properties = { ...message.properties }
  const uniqueKey = properties[Property.UNIQ_KEY]
  if (uniqueKey !== undefined) properties[Property.TRANSACTION_ID] = uniqueKey
  // Without it nobody could end the transaction or be asked about it.
  properties[Property.PGROUP] ??= producerGroup
  properties[Property.REAL_TOPIC] = message.topic
  properties[Property.REAL_QID] = String(message.queueId)
  const encoded = encodeProperties(properties)
  if (encoded.length > PROPERTIES_SIZE_MAX - ROOM_FOR_CHECKS) return undefined
  return {
    ...message,
    topic: SystemTopic.TRANS_HALF,
    queueId: HALF_QUEUE,
    sysFlag: withTransactionType(message.sysFlag, SysFlag.TRANSACTION_NOT),
    properties: encoded,
  }
}

/** Where a half message goes when it is committed; undefined when its properties do not say. */
export function realTarget({ properties }: MessageExt): { topic: string; queueId: number } | undefined {
  const topic = properties[Property.REAL_TOPIC]
  const queueId = Number(properties[Property.REAL_QID])
  return topic === undefined || !(queueId >= 0) ? undefined : { topic, queueId }
}

/**
 * The message that consumers see. Its properties are those of the half message, TRAN_MSG and REAL_TOPIC
 * among them, as Apache leaves them (remoting.md section 22.2).
 */
export function committedMessage(
  half: MessageExt,
  target: { readonly topic: string; readonly queueId: number },
  halfPhysicalOffset: number,
): OutgoingMessage {
  return {
    ...fieldsOf(half),
    ...target,
    sysFlag: withTransactionType(half.sysFlag, SysFlag.TRANSACTION_COMMIT),
    properties: half.properties,
    preparedTransactionOffset: halfPhysicalOffset,
  }
}

/** The same half message once more, at the end of its queue. */
export function renewedDraft(half: MessageExt, changes: Readonly<Record<string, string>>): RecordDraft {
  return {
    ...fieldsOf(half),
    topic: SystemTopic.TRANS_HALF,
    queueId: HALF_QUEUE,
    properties: encodeProperties({ ...half.properties, ...changes }),
  }
}

/** What nobody decided on, for people to look at. */
export function discardedDraft(half: MessageExt): RecordDraft {
  return {
    ...fieldsOf(half),
    topic: SystemTopic.TRANS_CHECK_MAX_TIME,
    queueId: 0,
    properties: encodeProperties(half.properties),
  }
}

/** The body of a check: the half message as one record of its real topic (remoting.md section 22.4). */
export function checkRecord(
  half: MessageExt,
  target: { readonly topic: string; readonly queueId: number },
  place: { readonly queueOffset: number; readonly physicalOffset: number; readonly storeTimestamp: number },
): Buffer {
  const draft = { ...fieldsOf(half), ...target, properties: encodeProperties(half.properties) }
  const record = Buffer.alloc(recordSize(draft))
  encodeRecord(draft, place, record, 0)
  return record
}

/** An op message: these half messages are decided. */
export function opDraft(body: string, uniqueKey: string, host: HostAddress, now: number): RecordDraft {
  return {
    topic: SystemTopic.TRANS_OP_HALF,
    queueId: HALF_QUEUE,
    body: Buffer.from(body),
    properties: encodeProperties({
      [Property.TAGS]: OP_TAG,
      [Property.WAIT]: 'false',
      [Property.UNIQ_KEY]: uniqueKey,
    }),
    flag: 0,
    sysFlag: 0,
    bornTimestamp: now,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
  }
}

/** Apache: TransactionalMessageUtil.REMOVE_TAG. */
export const OP_TAG = 'd'

function fieldsOf(half: MessageExt) {
  return {
    body: half.body,
    flag: half.flag,
    sysFlag: half.sysFlag,
    bornTimestamp: half.bornTimestamp,
    bornHost: half.bornHost,
    storeHost: half.storeHost,
    reconsumeTimes: half.reconsumeTimes,
    preparedTransactionOffset: half.preparedTransactionOffset,
  }
}
