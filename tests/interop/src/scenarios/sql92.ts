import { expect } from '@jest/globals'
import type { ClientProgram } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Planned } from '../plan.js'
import { withPrograms } from '../program.js'
import { differences, type ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'

const EXPRESSION =
  "(amount BETWEEN 100 AND 200 AND region IN ('eu', '亚洲')) OR note IS NULL AND amount > 1000"
const WRONG = 'amount > '
const COUNT = 24

/**
 * A push consumer gets what its expression chooses and nothing else: the last message is one it wants, so
 * that what it must not get was passed before. One with a wrong expression does not start.
 */
export async function filterBySql(cluster: Cluster, client: ClientProgram): Promise<void> {
  const { nameserver } = cluster
  const topic = `sql-${client.name.replaceAll(/\W/g, '_')}`
  const messages = plannedMessages(topic)
  const wanted = messages.filter(isWanted)
  await createTopic(cluster, topic, 1)
  await withPrograms(async (programs) => {
    const options = { nameserver, topic, sql: EXPRESSION, count: wanted.length }
    const consumer = await client.consume({ ...options, group: `${topic}-group` })
    programs.push(consumer)
    const producer = await client.produce({ nameserver, group: `${topic}-producers`, messages })
    programs.push(producer)
    await producer.succeeded()
    await consumer.succeeded()
    expect(differences(consumer.of('received') as ReceivedLine[], wanted)).toEqual([])
    // Go's client asks no broker whether it serves the expression.
    if (client.name.startsWith('Go')) return
    const refused = await client.consume({ ...options, group: `${topic}-wrong`, sql: WRONG })
    programs.push(refused)
    const { message } = await refused.until(({ event }) => event === 'error')
    expect(String(message)).toMatch(/23|position|column/)
  })
}

function plannedMessages(topic: string): Planned[] {
  return Array.from({ length: COUNT }, (_, i) => ({
    topic,
    keys: `sql-${i}`,
    body: Buffer.from(`message ${i}`),
    properties: {
      amount: String(i === COUNT - 1 ? 150 : i * 60),
      region: ['eu', 'us', '亚洲'][i % 3] ?? '',
      ...(i % 4 === 0 ? {} : { note: 'noted' }),
    },
  }))
}

/** What EXPRESSION says, in words of this language. */
function isWanted({ properties = {} }: Planned): boolean {
  const amount = Number(properties['amount'])
  const byRegion = ['eu', '亚洲'].includes(properties['region'] ?? '')
  return (amount >= 100 && amount <= 200 && byRegion) || (properties['note'] === undefined && amount > 1000)
}
