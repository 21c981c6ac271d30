import { Admin, PullConsumer } from '@rockhopper/client'
import { CAMPAIGN } from './campaign.fixture.js'
import type { SeckillRun } from './seckill-run.fixture.js'

const TOPIC = 'seckill_topic'
const GROUP = 'seckill_worker'
const PULL_COUNT = 500

/** A request as it stands in its queue. */
export interface Queued {
  readonly itemId: string
  readonly userId: string
  readonly queue: string
  readonly queueOffset: number
}

/**
 * What the broker has of the campaign, queue by queue, in its order. The group asks for nothing to be kept.
 */
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
          const { campaignId, itemId, userId } = JSON.parse(body.toString()) as Queued & Campaign
          if (campaignId !== CAMPAIGN) continue
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

interface Campaign {
  readonly campaignId: string
}

/** How far the workers are in each queue, in words: what a run that stands still says of itself. */
export async function whereWorkersAre(run: SeckillRun): Promise<string> {
  const admin = new Admin({ namesrvAddr: run.nameserverAddress })
  try {
    await admin.start()
    const { offsetTable } = await admin.consumerProgress(GROUP, TOPIC)
    return offsetTable
      .map(([queue, at]) => `queue ${queue.queueId}: ${at.consumerOffset} of ${at.brokerOffset}`)
      .join(', ')
  } catch (error) {
    return `the broker does not say: ${String(error)}`
  } finally {
    await admin.shutdown()
  }
}
