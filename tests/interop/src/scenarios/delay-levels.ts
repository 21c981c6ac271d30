import { expect } from '@jest/globals'
import type { ClientProgram } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Planned } from '../plan.js'
import { withPrograms } from '../program.js'
import { differences, type ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'

/** Level to ms, of the usual messageDelayLevel. */
const LEVELS: Readonly<Record<number, number>> = { 2: 5_000, 1: 1_000 }
/** The broker counts from when it stored the message, the sender's clock from before. */
const EARLY_MS = 5

/** Messages with a level come after its delay, the shorter one not held up by the longer one. */
export async function deliverByLevel(cluster: Cluster, client: ClientProgram): Promise<void> {
  const { nameserver } = cluster
  const topic = `levels-${client.name.replaceAll(/\W/g, '_')}`
  const messages: Planned[] = Object.keys(LEVELS)
    .sort()
    .reverse()
    .map((level) => ({
      topic,
      keys: `level-${level}`,
      body: Buffer.from(level),
      properties: { level },
      delayLevel: Number(level),
    }))
  await createTopic(cluster, topic)
  await withPrograms(async (programs) => {
    const consumer = await client.consume({
      nameserver,
      topic,
      group: `${topic}-group`,
      count: messages.length,
    })
    programs.push(consumer)
    await consumer.until(({ event }) => event === 'started')
    const producer = await client.produce({ nameserver, group: `${topic}-producers`, messages, mode: 'sync' })
    programs.push(producer)
    for (const { keys = '' } of [...messages].reverse()) {
      const line = (await consumer.until((each) => String(each['keys']).trim() === keys)) as ReceivedLine & {
        readonly bornTimestamp: number
      }
      const level = Number(line.properties['level'])
      expect(Date.now() - line.bornTimestamp).toBeGreaterThanOrEqual((LEVELS[level] ?? 0) - EARLY_MS)
    }
    await consumer.succeeded()
    const received = consumer.of('received') as ReceivedLine[]
    expect(differences(received, messages)).toEqual([])
  })
}
