import type { Log } from '@rockhopper/env'
import {
  decodeRecord,
  decodeRecords,
  type MessageExt,
  MqError,
  RECORD_OVERHEAD,
  recordLayout,
  recordPhysicalOffset,
  recordQueueOffset,
  recordTotalSize,
} from '@rockhopper/message'
import { type RequestHeader, type Response, ResponseCode } from '@rockhopper/remoting'
import type { SendStatus } from '../send-result.js'
import { accepted, type CallOptions, type Commands, refusedBy } from './commands.js'

export type SendCommand = 'SEND_MESSAGE_V2' | 'SEND_BATCH_MESSAGE' | 'SEND_REPLY_MESSAGE_V2'

export type PullStatus = 'FOUND' | 'NO_NEW_MSG' | 'NO_MATCHED_MSG' | 'OFFSET_ILLEGAL'

export interface PullAnswer {
  readonly status: PullStatus
  /** In queue order; bodies are copies. Empty unless FOUND. */
  readonly records: readonly MessageExt[]
  readonly nextBeginOffset: number
  readonly minOffset: number
  readonly maxOffset: number
  readonly suggestWhichBrokerId: number
}

const SEND_STATUS: ReadonlyMap<number, SendStatus> = new Map([
  [ResponseCode.SUCCESS, 'SEND_OK'],
  [ResponseCode.FLUSH_DISK_TIMEOUT, 'FLUSH_DISK_TIMEOUT'],
  [ResponseCode.FLUSH_SLAVE_TIMEOUT, 'FLUSH_SLAVE_TIMEOUT'],
  [ResponseCode.SLAVE_NOT_AVAILABLE, 'SLAVE_NOT_AVAILABLE'],
])

const PULL_STATUS: ReadonlyMap<number, PullStatus> = new Map([
  [ResponseCode.SUCCESS, 'FOUND'],
  [ResponseCode.PULL_NOT_FOUND, 'NO_NEW_MSG'],
  [ResponseCode.PULL_RETRY_IMMEDIATELY, 'NO_MATCHED_MSG'],
  [ResponseCode.PULL_OFFSET_MOVED, 'OFFSET_ILLEGAL'],
])

/** Send, recall, pull, send-back and look-up (remoting.md sections 9, 17, 20, 21). */
export function messageCalls(commands: Commands, log: Log) {
  return {
    /** Resolves for the four codes that mean stored; rejects with RESPONSE_REFUSED for every other. */
    async send(
      address: string,
      name: SendCommand,
      header: RequestHeader<'SEND_MESSAGE_V2'>,
      body: Buffer,
      options?: CallOptions,
    ) {
      const answer: Response<'SEND_MESSAGE_V2'> = await commands[name](address, header, body, options)
      const status = SEND_STATUS.get(answer.code)
      if (status === undefined) throw refusedBy(name, address, answer)
      return { status, ...answer.header }
    },

    /** The id of the message. Rejects with RESPONSE_REFUSED. */
    async recall(address: string, header: RequestHeader<'RECALL_MESSAGE'>, options?: CallOptions) {
      const answer = commands.RECALL_MESSAGE(address, header, undefined, options)
      return (await accepted('RECALL_MESSAGE', address, answer)).header.msgId
    },

    /** Resolves for the four codes that carry offsets; rejects with RESPONSE_REFUSED for every other. */
    async pull(
      address: string,
      header: RequestHeader<'PULL_MESSAGE'>,
      options?: CallOptions,
    ): Promise<PullAnswer> {
      const answer = await commands.PULL_MESSAGE(address, header, undefined, options)
      const status = PULL_STATUS.get(answer.code)
      if (status === undefined) throw refusedBy('PULL_MESSAGE', address, answer)
      return pullAnswerOf(log, address, header, status, answer)
    },

    async sendBack(
      address: string,
      header: RequestHeader<'CONSUMER_SEND_MSG_BACK'>,
      options?: CallOptions,
    ): Promise<void> {
      await accepted(
        'CONSUMER_SEND_MSG_BACK',
        address,
        commands.CONSUMER_SEND_MSG_BACK(address, header, undefined, options),
      )
    },

    /** The record at a physical offset of the broker. Rejects with MESSAGE_NOT_FOUND when there is none. */
    async viewMessage(address: string, physicalOffset: number, options?: CallOptions): Promise<MessageExt> {
      const answer = await commands.VIEW_MESSAGE_BY_ID(
        address,
        { offset: physicalOffset },
        undefined,
        options,
      )
      const [record] = answer.code === ResponseCode.SUCCESS && answer.body ? decodeRecords(answer.body) : []
      if (record !== undefined) return record
      const cause = refusedBy('VIEW_MESSAGE_BY_ID', address, answer)
      throw new MqError('MESSAGE_NOT_FOUND', `Reading the message at ${physicalOffset} of ${address}`, {
        cause,
      })
    },
  }
}

/**
 * What could be read counts, and a record that cannot be read is passed over with an error in the log: asking
 * again brings the same bytes, so it would block its queue for ever. Where not even its size can be read,
 * nothing behind it can be found: the next pull goes on at what the broker names, or, to lose no more than
 * it must, first directly behind what was read.
 */
function pullAnswerOf(
  log: Log,
  address: string,
  asked: RequestHeader<'PULL_MESSAGE'>,
  status: PullStatus,
  { header, body }: Response<'PULL_MESSAGE'>,
): PullAnswer {
  const { nextBeginOffset, minOffset, maxOffset, suggestWhichBrokerId } = header
  const bounds = { minOffset, maxOffset, suggestWhichBrokerId }
  const records: MessageExt[] = []
  if (status !== 'FOUND' || body === undefined) return { status, records, nextBeginOffset, ...bounds }
  for (let at = 0; at < body.length; ) {
    const result = decodeRecord(body, at)
    if (result.ok) {
      records.push(result.value)
      at += result.size
      continue
    }
    const size = sizeOfBroken(body, at)
    const last = records.at(-1)
    if (size === undefined && last !== undefined)
      return { status, records, nextBeginOffset: last.queueOffset + 1, ...bounds }
    const { topic, queueId, queueOffset, consumerGroup } = asked
    const where = `queue ${queueId} of '${topic}' from ${address}`
    const broken = `${result.reason} at byte ${at}`
    // There would be no way on: the queue has to wait for an answer that names one.
    if (nextBeginOffset <= queueOffset)
      throw new MqError('BODY_ILLEGAL', `Reading offset ${queueOffset} of ${where}: ${broken}`)
    log.error('client.pull.recordSkipped', {
      consumerGroup,
      topic,
      queueId,
      address,
      askedOffset: queueOffset,
      ...placeOfBroken(body, at),
      size,
      nextBeginOffset,
      reason: broken,
    })
    if (size === undefined) break
    at += size
  }
  return { status, records, nextBeginOffset, ...bounds }
}

/** Size of a record that cannot be read, or undefined when that cannot be its size. */
export function sizeOfBroken(body: Buffer, at: number): number | undefined {
  const left = body.length - at
  if (left < RECORD_OVERHEAD) return undefined
  const size = recordTotalSize(body, at)
  return size >= RECORD_OVERHEAD && size <= left ? size : undefined
}

/** What the record says about where it lies, as far as it is there; nothing vouches for it. */
function placeOfBroken(body: Buffer, at: number) {
  if (body.length - at < recordLayout.sysFlag) return {}
  return { queueOffset: recordQueueOffset(body, at), physicalOffset: recordPhysicalOffset(body, at) }
}
