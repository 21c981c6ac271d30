import { expect } from '@jest/globals'
import { Producer, type ProducerOptions } from '@rockhopper/client'
import { goClient, javaClient, ourClient, runJavaFeature } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Side } from '../matrix/features.js'
import { toMessage } from '../our-client/sent-line.js'
import type { Planned } from '../plan.js'
import { writePlan } from '../plan-file.js'
import { withPrograms } from '../program.js'
import { differences, type ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'

const TYPES = ['ZLIB', 'LZ4', 'ZSTD'] as const
type Type = (typeof TYPES)[number]

/**
 * A body that was compressed each way by one side is read by both; what only zlib was made with, by Go too.
 */
export async function compressed(cluster: Cluster, side: Side): Promise<void> {
  const { nameserver } = cluster
  const topic = `compressed-${side}`
  await createTopic(cluster, topic, 1)
  await createTopic(cluster, `${topic}-zlib`, 1)
  const all = TYPES.map((type) => planned(topic, type))
  const forGo = [planned(`${topic}-zlib`, 'ZLIB')]
  await withPrograms(async (programs) => {
    const readers = await Promise.all([
      ...[ourClient, javaClient('5.4.0')].map((client) => {
        const group = `${topic}-${client.name.replaceAll(/\W/g, '_')}`
        return client.consume({ nameserver, topic, group, count: all.length })
      }),
      goClient.consume({ nameserver, topic: `${topic}-zlib`, group: `${topic}-go`, count: 1 }),
    ])
    programs.push(...readers)
    for (const [i, type] of TYPES.entries()) {
      await sent(cluster, side, type, [all[i] as Planned])
    }
    await sent(cluster, side, 'ZLIB', forGo)
    for (const reader of readers) await reader.succeeded()
    const [first, second, third] = readers.map((reader) => reader.of('received') as ReceivedLine[])
    expect(differences(first ?? [], all)).toEqual([])
    expect(differences(second ?? [], all)).toEqual([])
    expect(differences(third ?? [], forGo)).toEqual([])
    // Bits 8 to 10 of sysFlag: LZ4 1, ZSTD 2, ZLIB 3 (MessageSysFlag).
    const flags = (second ?? []).map((line) => (Number(line['sysFlag']) >> 8) & 7)
    expect(flags.sort()).toEqual([1, 2, 3])
  })
}

async function sent({ nameserver }: Cluster, side: Side, type: Type, messages: Planned[]): Promise<void> {
  const group = `compressing-${type}`
  if (side === 'official') {
    const program = await runJavaFeature('Special', {
      ...{ nameserver, group, plan: writePlan(messages), compress: type },
    })
    await program.succeeded()
    return
  }
  const options: ProducerOptions = { namesrvAddr: nameserver, producerGroup: group, compressType: type }
  const producer = new Producer(options)
  await producer.start()
  try {
    for (const message of messages) await producer.send(toMessage(message))
  } finally {
    await producer.shutdown()
  }
}

function planned(topic: string, type: Type): Planned {
  return { topic, keys: type, body: Buffer.from(`压缩 ${type} `.repeat(4_000)), properties: { type } }
}
