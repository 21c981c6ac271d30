import { decodeRecords, type MessageExt, MqError } from '@rockhopper/message'
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

/** Send, pull, send-back and look-up (remoting.md sections 9, 17, 20). */
export function messageCalls(commands: Commands) {
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

    /** Resolves for the four codes that carry offsets; rejects with RESPONSE_REFUSED for every other. */
    async pull(
      address: string,
      header: RequestHeader<'PULL_MESSAGE'>,
      options?: CallOptions,
    ): Promise<PullAnswer> {
      const answer = await commands.PULL_MESSAGE(address, header, undefined, options)
      const status = PULL_STATUS.get(answer.code)
      if (status === undefined) throw refusedBy('PULL_MESSAGE', address, answer)
      return pullAnswerOf(address, header, status, answer)
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

/** What could be read counts; the next pull begins at what could not: it is never passed over unseen. */
function pullAnswerOf(
  address: string,
  asked: RequestHeader<'PULL_MESSAGE'>,
  status: PullStatus,
  { header, body }: Response<'PULL_MESSAGE'>,
): PullAnswer {
  const { nextBeginOffset, minOffset, maxOffset, suggestWhichBrokerId } = header
  const bounds = { minOffset, maxOffset, suggestWhichBrokerId }
  if (status !== 'FOUND' || body === undefined) return { status, records: [], nextBeginOffset, ...bounds }
  let broken: string | undefined
  const records = decodeRecords(body, (reason, at) => {
    broken = `${reason} at byte ${at}`
  })
  if (broken === undefined) return { status, records, nextBeginOffset, ...bounds }
  const last = records.at(-1)
  if (last !== undefined) return { status, records, nextBeginOffset: last.queueOffset + 1, ...bounds }
  const { topic, queueId, queueOffset } = asked
  const what = `Reading offset ${queueOffset} of queue ${queueId} of '${topic}' from ${address}`
  throw new MqError('BODY_ILLEGAL', `${what}: ${broken}`)
}
