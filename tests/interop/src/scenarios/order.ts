import { expect } from '@jest/globals'
import type { ClientProgram } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { orderedMessages } from '../plan.js'
import { withPrograms } from '../program.js'
import type { ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'

const KEYS = 8

/**
 * Messages of one sharding key reach an orderly consumer in the order they were sent, also when an attempt
 * fails: the queue then stands still and the same message comes again.
 */
export async function keepOrder(cluster: Cluster, client: ClientProgram, perKey: number): Promise<void> {
  const { nameserver } = cluster
  const topic = `order-${client.name.replaceAll(/\W/g, '_')}`
  const messages = orderedMessages(topic, KEYS, perKey)
  await createTopic(cluster, topic)
  await withPrograms(async (programs) => {
    const consumer = await client.consume({
      ...{ nameserver, topic, group: `${topic}-group`, orderly: true, count: messages.length },
      ...{ failAttempts: 1, failTag: 'stumble', lingerMs: 500 },
    })
    programs.push(consumer)
    const producer = await client.produce({ nameserver, group: `${topic}-producers`, messages })
    programs.push(producer)
    await producer.succeeded()
    await consumer.succeeded()
    const received = consumer.of('received') as ReceivedLine[]
    const stumbles = messages.filter(({ tag }) => tag === 'stumble').length
    expect(received).toHaveLength(messages.length + stumbles)
    const expected = new Map<string, string[]>()
    for (const { shardingKey = '', body, tag } of messages) {
      const text = body.toString()
      expected.set(shardingKey, [
        ...(expected.get(shardingKey) ?? []),
        ...(tag === 'stumble' ? [text, text] : [text]),
      ])
    }
    for (const [key, texts] of expected) {
      expect(received.filter(({ text }) => text?.startsWith(`${key} `)).map(({ text }) => text)).toEqual(
        texts,
      )
    }
  })
}
