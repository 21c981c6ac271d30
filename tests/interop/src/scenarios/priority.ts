import { expect } from '@jest/globals'
import { Producer } from '@rockhopper/client'
import { runJavaFeature, runOurs } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Side } from '../matrix/features.js'
import { mqadmin } from '../mqadmin.js'
import type { Planned } from '../plan.js'
import { writePlan } from '../plan-file.js'
import { withPrograms } from '../program.js'
import type { ReceivedLine } from '../received.js'
import { routed } from '../topics.js'
import { told } from './pop.js'

const PRIORITIES = [0, 2, 1, 3]

/** Messages of a topic with priorities are popped from the highest on, whatever order they were sent in. */
export async function byPriority(cluster: Cluster, side: Side): Promise<void> {
  const { nameserver, broker } = cluster
  const topic = `priorities-${side}`
  const attributes = ['-a', '+message.type=PRIORITY']
  await mqadmin(nameserver, [
    'updateTopic',
    '-b',
    broker.address,
    '-t',
    topic,
    '-r',
    '4',
    '-w',
    '4',
    ...attributes,
  ])
  await routed(cluster, topic)
  const messages = PRIORITIES.map(
    (wanted): Planned => ({
      topic,
      keys: `priority-${wanted}`,
      body: Buffer.from(String(wanted)),
      properties: { wanted: String(wanted) },
    }),
  )
  await withPrograms(async (programs) => {
    if (side === 'ours') await sentByOurs(nameserver, messages)
    else {
      const plan = writePlan(messages)
      const options = { nameserver, group: `${topic}-producers`, plan, priority: 'true' }
      const program = await runJavaFeature('Special', options)
      programs.push(program)
      await program.succeeded()
    }
    const options = {
      ...{ nameserver, broker: broker.address, 'broker-name': broker.brokerName, topic },
      ...{ group: `${topic}-group`, 'invisible-ms': 60_000, 'max-nums': 1 },
    }
    const popping = await (side === 'ours' ? runOurs('pop', options) : runJavaFeature('PopCalls', options))
    programs.push(popping)
    await popping.until(({ event }) => event === 'ready')
    for (const _ of PRIORITIES) await told(popping, 'receive')
    const keys = (popping.of('received') as ReceivedLine[]).map((line) => line.keys?.trim())
    expect(keys).toEqual(['priority-3', 'priority-2', 'priority-1', 'priority-0'])
  })
}

async function sentByOurs(namesrvAddr: string, messages: readonly Planned[]): Promise<void> {
  const producer = new Producer({ namesrvAddr, producerGroup: 'prioritizing' })
  await producer.start()
  try {
    for (const { topic, body, keys = '', properties = {} } of messages)
      await producer.send({ topic, body, keys: [keys], properties, priority: Number(properties['wanted']) })
  } finally {
    await producer.shutdown()
  }
}
