import { type MessageExt, MqError, Property, parseOffsetMessageId, SysFlag } from '@rockhopper/message'
import {
  type Connection,
  type RequestHeader,
  type Response,
  ResponseCode,
  responseCodeName,
} from '@rockhopper/remoting'
import type { ClientInstance } from '../client-instance.js'
import type { SendResult } from '../send-result.js'
import type { LocalTransactionState } from '../transaction-listener.js'

/** Where a half message lies, and who holds it. */
export interface HalfPlace {
  readonly topic: string
  readonly transactionId: string
  readonly brokerName: string
  readonly tranStateTableOffset: number
  readonly commitLogOffset: number
  /** The connection a check came by; absent for the place that the send told. */
  readonly connection?: Connection
}

/** What a broker asks about (code 39). */
export interface TransactionCheckRequest {
  readonly header: RequestHeader<'CHECK_TRANSACTION_STATE'>
  readonly record: MessageExt
  readonly connection: Connection
}

const BITS = {
  COMMIT_MESSAGE: SysFlag.TRANSACTION_COMMIT,
  ROLLBACK_MESSAGE: SysFlag.TRANSACTION_ROLLBACK,
} as const

/**
 * Tells the broker the decision, as a request: Apache's producer sends it one-way and never learns whether it
 * arrived. UNKNOW is not sent, brokers do nothing with it. True when the broker said that it keeps the
 * decision.
 */
export async function endTransaction(
  instance: ClientInstance,
  producerGroup: string,
  place: HalfPlace,
  state: LocalTransactionState,
): Promise<boolean> {
  if (state === 'UNKNOW') return false
  const { topic, transactionId, brokerName, tranStateTableOffset, commitLogOffset, connection } = place
  const header: RequestHeader<'END_TRANSACTION'> = {
    producerGroup,
    tranStateTableOffset,
    commitLogOffset,
    commitOrRollback: BITS[state],
    fromTransactionCheck: connection !== undefined,
    msgId: transactionId,
    transactionId,
    topic,
    bname: brokerName,
  }
  const failed = (error: unknown) => {
    instance.env.log.warn('client.transaction.endFailed', { topic, transactionId, state, error })
    return false
  }
  try {
    const { code, remark } = await ask(instance, place, header)
    if (code === ResponseCode.SUCCESS) return true
    return failed(`${code} ${responseCodeName(code)}: ${remark ?? ''}`)
  } catch (error) {
    if (!(error instanceof MqError)) throw error
    return failed(error)
  }
}

function ask(
  { api, routes }: ClientInstance,
  { brokerName, connection }: HalfPlace,
  header: RequestHeader<'END_TRANSACTION'>,
): Promise<Response<'END_TRANSACTION'>> {
  if (connection !== undefined && !connection.closed) {
    return connection.invoke('END_TRANSACTION', header, undefined, { timeoutMs: ANSWER_MS })
  }
  return api.commands.END_TRANSACTION(routes.requireMaster(brokerName), header)
}

/** How long a broker that asked has to take the answer. */
const ANSWER_MS = 3_000

export function placeOfSend({ queue, messageId, queueOffset, offsetMessageId }: SendResult): HalfPlace {
  return {
    topic: queue.topic,
    transactionId: messageId,
    brokerName: queue.brokerName,
    tranStateTableOffset: queueOffset,
    commitLogOffset: parseOffsetMessageId(offsetMessageId)?.physicalOffset ?? -1,
  }
}

export function placeOfCheck({ header, record, connection }: TransactionCheckRequest): HalfPlace {
  return {
    topic: record.topic,
    transactionId: record.properties[Property.UNIQ_KEY] ?? header.transactionId ?? header.msgId ?? '',
    brokerName: header.bname ?? '',
    tranStateTableOffset: header.tranStateTableOffset,
    commitLogOffset: header.commitLogOffset,
    connection,
  }
}
