import { expect } from '@jest/globals'
import { goClient, runJavaFeature, runOurs } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Side } from '../matrix/features.js'
import { assortedMessages } from '../plan.js'
import { type Program, withPrograms } from '../program.js'
import { differences, type ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'

const COUNT = 20
const SEEK = 15
const SQL = 'index >= 12 AND origin IS NOT NULL'

/**
 * A lite pull consumer with a queue of its own reads it, commits, knows offsets by time, and goes back; one
 * that subscribes with an expression gets what it chooses.
 */
export async function litePull(cluster: Cluster, side: Side): Promise<void> {
  const { nameserver } = cluster
  const topic = `lite-${side}`
  const messages = assortedMessages(topic, COUNT, 'lite')
  await createTopic(cluster, topic, 1)
  const start = (options: Readonly<Record<string, string | number>>): Promise<Program> =>
    side === 'ours' ? runOurs('lite-pull', options) : runJavaFeature('LitePull', options)
  await withPrograms(async (programs) => {
    const producer = await goClient.produce({ nameserver, group: 'lite-producers', messages })
    programs.push(producer)
    await producer.succeeded()
    const assigned = await start({ nameserver, topic, group: `${topic}-assigned`, count: COUNT, seek: SEEK })
    const subscribed = await start({ nameserver, topic, group: `${topic}-sql`, count: COUNT - 12, sql: SQL })
    programs.push(assigned, subscribed)
    await assigned.succeeded()
    const received = assigned.of('received') as ReceivedLine[]
    expect(differences(received.slice(0, COUNT), messages)).toEqual([])
    const again = Array.from({ length: COUNT - SEEK }, (_, i) => SEEK + i)
    expect(received.slice(COUNT).map(({ queueOffset }) => queueOffset)).toEqual(again)
    expect(assigned.of('offsets')).toMatchObject([{ committed: COUNT, ofTimeZero: 0, ofFarFuture: COUNT }])
    await subscribed.succeeded()
    const chosen = messages.filter(({ properties }) => Number(properties?.['index']) >= 12)
    expect(differences(subscribed.of('received') as ReceivedLine[], chosen)).toEqual([])
  })
}
