import { expect } from '@jest/globals'
import { PullConsumer } from '@rockhopper/client'
import { goClient, type JavaClientVersion, runJava } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { eventually } from '../eventually.js'
import { assortedMessages } from '../plan.js'
import { type Line, withPrograms } from '../program.js'
import { differences, type ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'

interface QueueLine extends Line {
  readonly minOffset: number
  readonly maxOffset: number
  readonly offsetOfTimeZero: number
  readonly offsetOfFarFuture: number
  readonly committed: number
}

/** Minimum, maximum, search by time, committed offsets and a pull of everything fit together. */
export async function readByOffset(
  cluster: Cluster,
  version: JavaClientVersion,
  count: number,
): Promise<void> {
  const { nameserver } = cluster
  const topic = `offsets-${version.replaceAll('.', '_')}`
  const messages = assortedMessages(topic, count, 'offsets')
  await createTopic(cluster, topic)
  await withPrograms(async (programs) => {
    const producer = await goClient.produce({ nameserver, group: 'offsets-producers', messages })
    programs.push(producer)
    await producer.succeeded()
    const pull = await runJava(version, 'Pull', { nameserver, topic, group: `${topic}-group`, offsets: true })
    programs.push(pull)
    await pull.succeeded()
    expect(differences(pull.of('received') as ReceivedLine[], messages)).toEqual([])
    const queues = pull.of('queue') as QueueLine[]
    expect(queues.reduce((sum, { minOffset, maxOffset }) => sum + maxOffset - minOffset, 0)).toBe(count)
    for (const queue of queues) {
      expect(queue.offsetOfTimeZero).toBe(queue.minOffset)
      expect(queue.offsetOfFarFuture).toBe(queue.maxOffset)
      expect(queue.committed).toBe(queue.maxOffset)
    }
  })
}

const HOUR_MS = 3_600_000
const COMMIT_TIMEOUT_MS = 20_000

/** The same with our pull consumer. */
export async function readByOffsetWithOurs(cluster: Cluster, count: number): Promise<void> {
  const { nameserver } = cluster
  const topic = 'offsets-ours'
  const messages = assortedMessages(topic, count, 'offsets')
  await createTopic(cluster, topic)
  await withPrograms(async (programs) => {
    const producer = await goClient.produce({ nameserver, group: 'offsets-producers', messages })
    programs.push(producer)
    await producer.succeeded()
  })
  const consumer = new PullConsumer({ namesrvAddr: nameserver, consumerGroup: `${topic}-group` })
  await consumer.start()
  try {
    const bodies: string[] = []
    for (const queue of await consumer.messageQueues(topic)) {
      const [min, max] = [await consumer.minOffset(queue), await consumer.maxOffset(queue)]
      expect(await consumer.searchOffset(queue, 0)).toBe(min)
      expect(await consumer.searchOffset(queue, Date.now() + HOUR_MS)).toBe(max)
      for (let offset = min; offset < max; ) {
        const { messages: found, nextQueueOffset } = await consumer.pull(queue, offset)
        bodies.push(...found.map(({ body }) => body.toString('base64')))
        offset = nextQueueOffset
      }
      await consumer.commitOffset(queue, max)
      await eventually('the commit', COMMIT_TIMEOUT_MS, async () =>
        (await consumer.committedOffset(queue)) === max ? true : undefined,
      )
    }
    expect(bodies.sort()).toEqual(messages.map(({ body }) => body.toString('base64')).sort())
  } finally {
    await consumer.shutdown()
  }
}
