import type { SendResult } from '@rockhopper/client'
import type { Message } from '@rockhopper/message'
import type { Planned } from '../plan.js'
import { emit } from './lines.js'

export function emitSent(index: number, result: SendResult): void {
  emit({
    event: 'sent',
    index,
    status: result.status,
    msgId: result.messageId,
    offsetMsgId: result.offsetMessageId,
    brokerName: result.queue.brokerName,
    queueId: result.queue.queueId,
    queueOffset: result.queueOffset,
  })
}

export function toMessage(planned: Planned): Message {
  const { topic, body, tag, keys, shardingKey, delayLevel, deliverTimeMs, properties } = planned
  return {
    topic,
    body,
    ...(tag === undefined ? {} : { tag }),
    ...(keys === undefined ? {} : { keys: keys.split(' ') }),
    ...(shardingKey === undefined ? {} : { shardingKey }),
    ...(delayLevel === undefined ? {} : { delayTimeLevel: delayLevel }),
    ...(deliverTimeMs === undefined ? {} : { deliverTimeMs }),
    ...(properties === undefined ? {} : { properties }),
  }
}
