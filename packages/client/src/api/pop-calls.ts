import type { Log } from '@rockhopper/env'
import {
  decodeRecord,
  encodePopReceipt,
  isRetryTopic,
  type MessageExt,
  MqError,
  type OrderCount,
  type PoppedQueue,
  Property,
  parseOrderCounts,
  parsePopOffsets,
  retryFlagOf,
} from '@rockhopper/message'
import {
  type BatchAck,
  BatchAckMessageRequestBody,
  type RequestHeader,
  type Response,
  ResponseCode,
} from '@rockhopper/remoting'
import { accepted, type CallOptions, type Commands, refusedBy } from './commands.js'
import { sizeOfBroken } from './message-calls.js'

export type PopStatus = 'FOUND' | 'NO_NEW_MSG' | 'POLLING_FULL'

export interface PoppedRecord {
  readonly record: MessageExt
  /** What acknowledges it (Apache: extraInfo, POP_CK). */
  readonly receipt: string
}

export interface PopAnswer {
  readonly status: PopStatus
  /** Empty unless FOUND. Bodies are copies. */
  readonly popped: readonly PoppedRecord[]
  /** Estimate of what is left. */
  readonly restNum: number
}

type PopHeader = RequestHeader<'POP_MESSAGE'>
type PopResponse = Response<'POP_MESSAGE'>

const POP_STATUS: ReadonlyMap<number, PopStatus> = new Map([
  [ResponseCode.SUCCESS, 'FOUND'],
  [ResponseCode.POLLING_FULL, 'POLLING_FULL'],
  [ResponseCode.POLLING_TIMEOUT, 'NO_NEW_MSG'],
  [ResponseCode.PULL_NOT_FOUND, 'NO_NEW_MSG'],
])

/** POP consumption (remoting.md section 25). Addresses are those of the broker that has the queue. */
export function popCalls(commands: Commands, log: Log) {
  return {
    /** Resolves when there is nothing, too; rejects with RESPONSE_REFUSED for every other code. */
    async pop(
      address: string,
      brokerName: string,
      header: PopHeader,
      options?: CallOptions,
    ): Promise<PopAnswer> {
      const answer = await commands.POP_MESSAGE(address, header, undefined, options)
      const status = POP_STATUS.get(answer.code)
      if (status === undefined) throw refusedBy('POP_MESSAGE', address, answer)
      if (status !== 'FOUND' || answer.body === undefined) {
        return { status, popped: [], restNum: answer.header.restNum ?? 0 }
      }
      return { status, popped: poppedOf(log, brokerName, header, answer), restNum: answer.header.restNum }
    },

    /** Also resolves for a receipt that is too old, which acknowledges nothing. */
    async ack(address: string, header: RequestHeader<'ACK_MESSAGE'>, options?: CallOptions): Promise<void> {
      await accepted('ACK_MESSAGE', address, commands.ACK_MESSAGE(address, header, undefined, options))
    },

    async ackBatch(
      address: string,
      brokerName: string,
      acks: readonly BatchAck[],
      options?: CallOptions,
    ): Promise<void> {
      const body = BatchAckMessageRequestBody.encode({ acks: [...acks], brokerName })
      await accepted('BATCH_ACK_MESSAGE', address, commands.BATCH_ACK_MESSAGE(address, {}, body, options))
    },

    /** What a new receipt is made of. */
    async changeInvisibleTime(
      address: string,
      header: RequestHeader<'CHANGE_MESSAGE_INVISIBLETIME'>,
      options?: CallOptions,
    ) {
      const call = commands.CHANGE_MESSAGE_INVISIBLETIME(address, header, undefined, options)
      return (await accepted('CHANGE_MESSAGE_INVISIBLETIME', address, call)).header
    },
  }
}

/**
 * Records with their receipts (Apache: MQClientAPIImpl.processPopResponse). One that the answer does not name
 * is left out: it cannot be acknowledged, and comes again when its time is over.
 */
function poppedOf(log: Log, brokerName: string, asked: PopHeader, answer: PopResponse): PoppedRecord[] {
  const { header, body } = answer
  const queues = parsePopOffsets(header.startOffsetInfo ?? '', header.msgOffsetInfo ?? '')
  if (queues === undefined || body === undefined) {
    const what = `'${header.startOffsetInfo}' and '${header.msgOffsetInfo}' of ${brokerName}`
    throw new MqError('BODY_ILLEGAL', `Reading which messages of '${asked.topic}' were popped: ${what}`)
  }
  const counts = parseOrderCounts(header.orderCountInfo ?? '')
  const popped: PoppedRecord[] = []
  for (const record of recordsOf(log, brokerName, asked, body)) {
    const receipt = record.properties[Property.POP_CK] ?? receiptOf(brokerName, record, queues, header)
    if (receipt === undefined) continue
    const times = asked.order === true ? timesOf(record, counts) : record.reconsumeTimes
    popped.push({ record: { ...record, reconsumeTimes: times }, receipt })
  }
  return popped
}

/** A record that cannot be read is passed over: those behind it can be, and it comes again by itself. */
function recordsOf(log: Log, brokerName: string, { consumerGroup, topic }: PopHeader, body: Buffer) {
  const records: MessageExt[] = []
  for (let at = 0; at < body.length; ) {
    const result = decodeRecord(body, at)
    if (result.ok) records.push(result.value)
    else
      log.error('client.pop.recordSkipped', { consumerGroup, topic, brokerName, at, reason: result.reason })
    const size = result.ok ? result.size : sizeOfBroken(body, at)
    if (size === undefined) break
    at += size
  }
  return records
}

function receiptOf(
  brokerName: string,
  { queueId, queueOffset, topic }: MessageExt,
  queues: readonly PoppedQueue[],
  { invisibleTime, popTime, reviveQid }: PopResponse['header'],
): string | undefined {
  const flag = retryFlagOf(topic)
  const isIt = (each: PoppedQueue) => each.queueId === queueId && each.queueOffsets.includes(queueOffset)
  const queue = queues.find((each) => each.retryFlag === flag && isIt(each))
  if (queue === undefined) return undefined
  return encodePopReceipt({
    ckQueueOffset: queue.startOffset,
    popTime,
    invisibleTime,
    reviveQid,
    retryFlag: queue.retryFlag,
    brokerName,
    queueId,
    queueOffset,
  })
}

/** Orderly pops come from the topic itself again: the broker counts them, not the record. */
function timesOf({ queueId, queueOffset, reconsumeTimes, topic }: MessageExt, counts: readonly OrderCount[]) {
  if (isRetryTopic(topic)) return reconsumeTimes
  const ofQueue = counts.filter((each) => each.queueId === queueId && each.retryFlag === '0')
  const own = ofQueue.find((each) => each.queueOffset === queueOffset)
  const least = ofQueue.find((each) => each.queueOffset === undefined)
  return own?.count ?? least?.count ?? reconsumeTimes
}
