import { expect } from '@jest/globals'
import type { ClientProgram } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Planned } from '../plan.js'
import { withPrograms } from '../program.js'
import { differences, type ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'

const MIB = 1024 * 1024
const LARGEST = 4 * MIB

/** The largest body comes as it was sent; one byte more is refused by the client. */
export async function largest(cluster: Cluster, client: ClientProgram): Promise<void> {
  const { nameserver } = cluster
  const topic = `largest-${client.name.replaceAll(/\W/g, '_')}`
  const messages: Planned[] = [
    { topic, keys: 'largest', body: Buffer.alloc(LARGEST, '四 MiB. ') },
    { topic, keys: 'empty-but-one', body: Buffer.of(0) },
  ]
  await createTopic(cluster, topic)
  await withPrograms(async (programs) => {
    const producer = await client.produce({ nameserver, group: `${topic}-producers`, messages, mode: 'sync' })
    programs.push(producer)
    await producer.succeeded()
    const options = { nameserver, topic, group: `${topic}-group` }
    const consumer = await client.consume({ ...options, count: messages.length })
    programs.push(consumer)
    await consumer.succeeded()
    expect(differences(consumer.of('received') as ReceivedLine[], messages)).toEqual([])
    // Go's client leaves the size to the broker, which sees it compressed.
    if (client.name.startsWith('Go')) return
    const tooLarge = [{ topic, keys: 'too-large', body: Buffer.alloc(LARGEST + 1, 'x') }]
    const refused = await client.produce({ nameserver, group: `${topic}-refused`, messages: tooLarge })
    programs.push(refused)
    const { message } = await refused.until(({ event }) => event === 'error')
    expect(String(message)).toMatch(/4194304|too large|over max|size/i)
  })
}
