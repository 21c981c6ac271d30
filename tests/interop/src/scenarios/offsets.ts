import { expect } from '@jest/globals'
import { goClient, type JavaClientVersion, runJava } from '../clients.js'
import type { Cluster } from '../cluster.js'
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
