import { type MessageExt, Property } from '@rockhopper/message'
import { ResponseCode } from '@rockhopper/remoting'
import { flushMode, writeMessage } from '../message-writer.js'
import type { BrokerParts } from '../parts.js'
import type { Refusal } from '../send-checks.js'
import { topicConfig } from '../system-topics.js'

export interface Revived {
  readonly message: MessageExt
  /** The retry topic it goes to. */
  readonly retry: string
  readonly consumerGroup: string
  readonly popTime: number
}

/**
 * Puts a message that nobody acknowledged into its retry topic (Apache: PopReviveService.reviveRetry).
 * Undefined when it is kept there.
 */
export async function reviveMessage(parts: BrokerParts, revived: Revived): Promise<Refusal | undefined> {
  const { message, retry, consumerGroup, popTime } = revived
  const { offsets, storeHost, topics } = parts
  if ((await topics.findOrCreate(topicConfig(retry, 1))) === undefined) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: `topic[${retry}] not exist` }
  }
  if (offsets.committed(consumerGroup, retry, 0) === undefined) offsets.commit(consumerGroup, retry, 0, 0)
  const { body, bornTimestamp, flag, properties, reconsumeTimes, sysFlag } = message
  if (reconsumeTimes === 0 || properties[Property.FIRST_POP_TIME] === undefined) {
    properties[Property.FIRST_POP_TIME] = String(popTime)
  }
  const outgoing = {
    topic: retry,
    queueId: 0,
    body,
    properties,
    flag,
    sysFlag,
    bornTimestamp,
    bornHost: storeHost,
    storeHost,
    reconsumeTimes: reconsumeTimes + 1,
    preparedTransactionOffset: 0,
  }
  const written = await writeMessage(parts, outgoing, flushMode(parts))
  if ('placed' in written) return undefined
  return { code: written.code, remark: written.remark ?? 'the message could not be stored' }
}
