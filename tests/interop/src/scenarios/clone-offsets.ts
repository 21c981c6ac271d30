import { expect } from '@jest/globals'
import { Admin } from '@rockhopper/client'
import { javaClient, ourClient } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Side } from '../matrix/features.js'
import { mqadmin } from '../mqadmin.js'
import { assortedMessages } from '../plan.js'
import { withPrograms } from '../program.js'
import { differences, type ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'

const COUNT = 8
/** The offset of the last message is committed once its listener call returned. */
const LINGER_MS = 1_000

/** A group that got the offsets of another goes on where that one was. */
export async function cloneOffsets(cluster: Cluster, side: Side): Promise<void> {
  const { nameserver } = cluster
  const client = side === 'ours' ? ourClient : javaClient('5.4.0')
  const topic = `cloned-${side}`
  const [group, clone] = [`${topic}-from`, `${topic}-to`]
  await createTopic(cluster, topic, 2)
  await withPrograms(async (programs) => {
    const sent = async (label: string) => {
      const messages = assortedMessages(topic, COUNT, label)
      const producer = await client.produce({ nameserver, group: `${topic}-producers`, messages })
      programs.push(producer)
      await producer.succeeded()
      return messages
    }
    await sent('before')
    const options = { nameserver, topic, lingerMs: LINGER_MS, count: COUNT }
    const first = await client.consume({ ...options, group })
    programs.push(first)
    await first.succeeded()
    if (side === 'ours') await clonedByOurs(nameserver, group, clone, topic)
    else {
      // Brokers take no offsets of a group that they have not met.
      await mqadmin(nameserver, ['updateSubGroup', '-b', cluster.broker.address, '-g', clone])
      await mqadmin(nameserver, ['cloneGroupOffset', '-s', group, '-d', clone, '-t', topic, '-o', 'true'])
    }
    const after = await sent('after')
    const second = await client.consume({ ...options, group: clone })
    programs.push(second)
    await second.succeeded()
    expect(differences(second.of('received') as ReceivedLine[], after)).toEqual([])
  })
}

async function clonedByOurs(namesrvAddr: string, group: string, clone: string, topic: string): Promise<void> {
  const admin = new Admin({ namesrvAddr })
  await admin.start()
  try {
    await admin.cloneGroupOffset(group, clone, { topic, offline: true })
  } finally {
    await admin.shutdown()
  }
}
