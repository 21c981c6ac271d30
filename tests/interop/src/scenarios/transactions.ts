import { expect } from '@jest/globals'
import { type ClientProgram, runJava } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { eventually } from '../eventually.js'
import type { Planned } from '../plan.js'
import { type Program, withPrograms } from '../program.js'
import { differences, type ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'

const CHECK_TIMEOUT_MS = 90_000
/** What each producer sends; the programs decide by tag. */
const TAGS = ['commit', 'rollback', 'unknown', 'unknown-rollback', 'unknown', 'commit', 'unknown-rollback']

/**
 * Producers on all clients in one group send committed, rolled back and undecided messages; checks go to any
 * of them. Consumers see what was committed, in the end, and nothing else.
 */
export async function transactions(cluster: Cluster, clients: readonly ClientProgram[]): Promise<void> {
  const { nameserver } = cluster
  const topic = 'transactions'
  const plans = clients.map(({ name }) => plannedMessages(topic, name))
  const all = plans.flat()
  const committed = all.filter(({ tag }) => tag?.endsWith('rollback') === false)
  const unknown = all.filter(({ tag }) => tag?.startsWith('unknown') === true)
  await createTopic(cluster, topic)
  await withPrograms(async (programs) => {
    const consumer = await clients[0]?.consume({
      nameserver,
      topic,
      group: 'settled',
      count: committed.length,
    })
    if (consumer !== undefined) programs.push(consumer)
    const producers = await Promise.all(
      clients.map((client, index) => {
        const messages = plans[index] ?? []
        return client.produce({ nameserver, group: 'deciders', messages, mode: 'transaction', hold: true })
      }),
    )
    programs.push(...producers)
    await Promise.all(producers.map((producer) => producer.until(({ event }) => event === 'held')))
    await eventually('every undecided message was checked', CHECK_TIMEOUT_MS, async () => {
      const missing = unknown.filter(({ keys }) => !checked(producers).has(keys ?? ''))
      return missing.length === 0 ? true : undefined
    })
    await consumer?.succeeded()
    for (const producer of producers) await producer.closed()
    const pull = await runJava('5.4.0', 'Pull', { nameserver, topic })
    programs.push(pull)
    await pull.succeeded()
    expect(differences(pull.of('received') as ReceivedLine[], committed)).toEqual([])
  })
}

function plannedMessages(topic: string, client: string): Planned[] {
  const name = client.replaceAll(/\W/g, '_')
  return TAGS.map((tag, index) => ({
    topic,
    tag,
    keys: `${name}-${index}`,
    body: Buffer.from(`${client} ${tag} 订单`.repeat(index === 0 ? 500 : 1)),
    properties: { origin: client },
  }))
}

/** Keys of messages that any of them was asked about. */
function checked(producers: readonly Program[]): Set<string> {
  const lines = producers.flatMap((producer) => producer.of('checked'))
  return new Set(lines.map(({ keys }) => String(keys).trim()))
}
