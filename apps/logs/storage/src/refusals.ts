import type { MessageQueue } from '@rockhopper/client'
import { queueName, Topic } from '@rockhopper/logs-contracts'
import { type ClientRocketMQ, RocketMQRecordBuilder } from '@rockhopper/nestjs'
import type { Refusals } from './archive-sink.js'

/** What a sink cannot take goes to a topic of its own, one line a message, before the rest counts as kept. */
export function refusalsTo(client: ClientRocketMQ): Refusals {
  return async (queue: MessageQueue, texts, why) => {
    for (const text of texts) {
      const record = new RocketMQRecordBuilder(Buffer.from(text))
        .setKeys(queueName(queue))
        .setProperty('reason', why.slice(0, 500))
        .build()
      await client.publish({ topic: Topic.LOG_REFUSED, tag: 'line' }, record)
    }
  }
}
