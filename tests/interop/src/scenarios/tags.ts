import { expect } from '@jest/globals'
import type { ClientProgram } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Planned } from '../plan.js'
import { withPrograms } from '../program.js'
import { differences, type ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'

/** `Aa` and `BB` have the same hash in Java, which is all that a queue keeps of a tag. */
const TAGS = ['Aa', 'red', 'BB', 'blue', undefined, 'Aa']
const EXPRESSION = 'Aa || blue'

/**
 * A push consumer gets the tags that it names, compared as texts; the last message has one, so that what it
 * must not get was passed before.
 */
export async function chooseByTags(cluster: Cluster, client: ClientProgram): Promise<void> {
  const { nameserver } = cluster
  const topic = `tags-${client.name.replaceAll(/\W/g, '_')}`
  const messages = TAGS.map(
    (tag, i): Planned => ({
      topic,
      keys: `tag-${i}`,
      body: Buffer.from(`message ${i}`),
      ...(tag === undefined ? {} : { tag }),
    }),
  )
  // Go's client compares no texts, so it also gets what has the hash of a tag.
  const wantedTags = client.name.startsWith('Go') ? ['Aa', 'BB', 'blue'] : ['Aa', 'blue']
  const wanted = messages.filter(({ tag = '' }) => wantedTags.includes(tag))
  await createTopic(cluster, topic, 1)
  await withPrograms(async (programs) => {
    const options = { nameserver, topic, group: `${topic}-group`, expression: EXPRESSION }
    const consumer = await client.consume({ ...options, count: wanted.length })
    programs.push(consumer)
    const producer = await client.produce({ nameserver, group: `${topic}-producers`, messages, mode: 'sync' })
    programs.push(producer)
    await producer.succeeded()
    await consumer.succeeded()
    expect(differences(consumer.of('received') as ReceivedLine[], wanted)).toEqual([])
  })
}
