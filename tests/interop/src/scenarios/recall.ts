import { expect } from '@jest/globals'
import { Producer } from '@rockhopper/client'
import { javaFeatures } from '../build-cache.js'
import { javaClient, ourClient, runJavaFeature } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Side } from '../matrix/features.js'
import type { Planned } from '../plan.js'
import { writePlan } from '../plan-file.js'
import { withPrograms } from '../program.js'
import { differences, type ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'

/** From the send on; far enough that the first one is taken back in time on a busy machine. */
const DELAYS_MS = [10_000, 11_000]

/** Of two delayed messages the first is taken back: only the second, which is due later, comes. */
export async function recall(cluster: Cluster, side: Side): Promise<void> {
  const { nameserver } = cluster
  const topic = `recalled-${side}`
  await createTopic(cluster, topic, 1)
  const client = side === 'ours' ? ourClient : javaClient('5.4.0')
  // A first build takes longer than the delays.
  if (side === 'official') await javaFeatures()
  await withPrograms(async (programs) => {
    const consumer = await client.consume({ nameserver, topic, group: `${topic}-group`, count: 1 })
    programs.push(consumer)
    await consumer.until(({ event }) => event === 'started')
    const messages = plannedMessages(topic)
    if (side === 'ours') await byOurs(nameserver, messages)
    else {
      const options = { nameserver, group: `${topic}-producers`, plan: writePlan(messages) }
      const program = await runJavaFeature('Recall', options)
      programs.push(program)
      const { messageId, sentId } = await program.until(({ event }) => event === 'recalled')
      expect(messageId).toBe(sentId)
    }
    await consumer.succeeded()
    expect(differences(consumer.of('received') as ReceivedLine[], messages.slice(1))).toEqual([])
  })
}

function plannedMessages(topic: string): Planned[] {
  return DELAYS_MS.map((delayMs, i) => ({
    topic,
    keys: `recall-${i}`,
    body: Buffer.from(`due after ${delayMs} ms`),
    properties: { delayMs: String(delayMs) },
  }))
}

async function byOurs(namesrvAddr: string, messages: readonly Planned[]): Promise<void> {
  const producer = new Producer({ namesrvAddr, producerGroup: 'recalling' })
  await producer.start()
  try {
    const results = []
    for (const { topic, body, keys = '', properties = {} } of messages) {
      const delayTimeMs = Number(properties['delayMs'])
      results.push(await producer.send({ topic, body, keys: [keys], properties, delayTimeMs }))
    }
    const [first] = results
    const recalled = await producer.recallMessage(messages[0]?.topic ?? '', first?.recallHandle ?? '')
    expect(recalled).toBe(first?.messageId)
  } finally {
    await producer.shutdown()
  }
}
