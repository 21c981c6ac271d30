import { PullConsumer } from '@rockhopper/client'
import type { SeckillRun } from './seckill-run.fixture.js'

const TOPIC = 'seckill_topic'
const PULL_COUNT = 500

/** A request as it stands in its queue. */
export interface Queued {
  readonly itemId: string
  readonly userId: string
  readonly queue: string
  readonly queueOffset: number
}

/** What the broker has of the topic, queue by queue, in its order. The group asks for nothing to be kept. */
export async function queuedRequests(run: SeckillRun): Promise<Queued[]> {
  const consumer = new PullConsumer({
    namesrvAddr: run.nameserverAddress,
    consumerGroup: 'seckill_auditor',
  })
  await consumer.start()
  const queued: Queued[] = []
  try {
    for (const queue of await consumer.messageQueues(TOPIC)) {
      const end = await consumer.maxOffset(queue)
      let next = await consumer.minOffset(queue)
      while (next < end) {
        const { messages, nextQueueOffset } = await consumer.pull(queue, next, { countMax: PULL_COUNT })
        for (const { body, queueOffset, brokerName } of messages) {
          const { itemId, userId } = JSON.parse(body.toString()) as Queued
          queued.push({ itemId, userId, queue: `${brokerName}/${queue.queueId}`, queueOffset })
        }
        next = nextQueueOffset
      }
    }
  } finally {
    await consumer.shutdown()
  }
  return queued
}
