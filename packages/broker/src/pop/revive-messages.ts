import { Property, reviveTopic } from '@rockhopper/message'
import { PopAck, PopCheckPoint } from '@rockhopper/remoting'
import { flushMode, type WriterParts, type Written, writeMessage } from '../message-writer.js'
import type { BrokerParts } from '../parts.js'

export type ReviveParts = WriterParts & Pick<BrokerParts, 'clock' | 'config' | 'storeHost'>

export const CHECKPOINT_TAG = 'ck'
export const ACK_TAG = 'ack'
export const BATCH_ACK_TAG = 'bAck'

/** A checkpoint comes before its acknowledgements (Apache: PopAckConstants.ackTimeInterval). */
export const CHECKPOINT_AHEAD_MS = 1_000

/** What a checkpoint is made of; its text is made by `writeCheckpoint`. */
export interface Checkpoint {
  /** The real topic: of retries, the retry topic. */
  readonly topic: string
  readonly consumerGroup: string
  readonly queueId: number
  readonly startOffset: number
  /** At most 32. */
  readonly queueOffsets: readonly number[]
  readonly popTime: number
  readonly invisibleTime: number
  /** Of the broker whose queue it is. */
  readonly brokerName: string
  readonly rePutTimes?: number
}

/**
 * Notes which messages were given away, and until when (Apache: PopMessageProcessor.buildCkMsg). Nobody may
 * see the messages, and no offset may pass them, before this resolved with success. Never rejects.
 */
export function writeCheckpoint(parts: ReviveParts, ck: Checkpoint, reviveQid: number): Promise<Written> {
  const { brokerName, consumerGroup, invisibleTime, popTime, queueId, queueOffsets, startOffset, topic } = ck
  const reviveTime = popTime + invisibleTime
  const body = PopCheckPoint.encode({
    bm: 0,
    bn: brokerName,
    c: consumerGroup,
    d: queueOffsets.map((queueOffset) => queueOffset - startOffset),
    it: invisibleTime,
    n: queueOffsets.length,
    pt: popTime,
    q: queueId,
    reviveTime,
    ro: 0,
    so: startOffset,
    t: topic,
    ...(ck.rePutTimes === undefined ? {} : { rp: String(ck.rePutTimes) }),
  })
  const key = [topic, queueId, startOffset, consumerGroup, popTime, brokerName, CHECKPOINT_TAG].join('@')
  return write(parts, { body, key, reviveQid, tag: CHECKPOINT_TAG, dueMs: reviveTime - CHECKPOINT_AHEAD_MS })
}

export interface Acknowledgement extends Omit<Checkpoint, 'rePutTimes'> {
  /** Written as one message with a list, as code 200151 does. */
  readonly isBatch: boolean
}

/** Takes messages out of their checkpoint (Apache: AckMessageProcessor.appendAck). Never rejects. */
export function writeAck(parts: ReviveParts, ack: Acknowledgement, reviveQid: number): Promise<Written> {
  const { brokerName, consumerGroup, isBatch, popTime, queueId, queueOffsets, startOffset, topic } = ack
  const ackOffset = isBatch ? -1 : (queueOffsets[0] as number)
  const body = PopAck.encode({
    ao: ackOffset,
    bn: brokerName,
    c: consumerGroup,
    pt: popTime,
    q: queueId,
    so: startOffset,
    t: topic,
    ...(isBatch ? { aol: queueOffsets } : {}),
  })
  // Apache names a batch, too, by genAckUniqueId, which it calls last.
  const key = [topic, queueId, ackOffset, consumerGroup, popTime, brokerName, ACK_TAG].join('@')
  const tag = isBatch ? BATCH_ACK_TAG : ACK_TAG
  return write(parts, { body, key, reviveQid, tag, dueMs: popTime + ack.invisibleTime })
}

interface ReviveMessage {
  readonly body: Buffer
  readonly key: string
  readonly tag: string
  readonly reviveQid: number
  readonly dueMs: number
}

function write(parts: ReviveParts, { body, dueMs, key, reviveQid, tag }: ReviveMessage): Promise<Written> {
  const { clock, config, storeHost } = parts
  const message = {
    topic: reviveTopic(config.brokerClusterName),
    queueId: reviveQid,
    body,
    properties: {
      [Property.TAGS]: tag,
      [Property.TIMER_DELIVER_MS]: String(dueMs),
      [Property.UNIQ_KEY]: key,
    },
    flag: 0,
    sysFlag: 0,
    bornTimestamp: clock.now(),
    bornHost: storeHost,
    storeHost,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
  }
  return writeMessage(parts, message, flushMode(parts))
}
