import { expect } from '@jest/globals'
import { goClient, runJavaFeature } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { withPrograms } from '../program.js'
import type { ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'
import { COUNT, plannedMessages } from './pop.js'

/** A push consumer whose group's request mode is POP gets everything, and what failed once more. */
export async function pushByPop(cluster: Cluster): Promise<void> {
  const { nameserver, broker } = cluster
  const topic = 'popped-by-push'
  const messages = plannedMessages(topic)
  await createTopic(cluster, topic, 2)
  await withPrograms(async (programs) => {
    const options = { nameserver, broker: broker.address, topic, group: `${topic}-group` }
    const consumer = await runJavaFeature('PopQueue', { ...options, count: COUNT, 'fail-tag': 'fails' })
    programs.push(consumer)
    // The mode is set after its start; only what comes behind that is sure to be popped.
    await consumer.until(({ event }) => event === 'ready')
    const producer = await goClient.produce({ nameserver, group: 'pop-producers', messages })
    programs.push(producer)
    await producer.succeeded()
    await consumer.succeeded()
    const received = consumer.of('received') as ReceivedLine[]
    const attempts = received.map(({ keys, reconsumeTimes }) => `${keys?.trim()} ${reconsumeTimes}`).sort()
    expect(attempts).toEqual([...messages.map(({ keys }) => `${keys} 0`), 'key-5 1'].sort())
    expect(received.every(({ properties }) => properties['POP_CK'] !== undefined)).toBe(true)
  })
}
