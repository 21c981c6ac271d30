import { expect } from '@jest/globals'
import { goClient, type JavaClientVersion, runGo, runJava, runSpring } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { withPrograms } from '../program.js'
import type { ReceivedLine } from '../received.js'

const ORDER = { oid: 7, uid: 1, username: '测试用户', pid: 1, pname: '小米', pprice: 1000.5, number: 1 }

/**
 * What the Go programs of seeds 000 and 001 and the Java programs of 002 and 004 do, topics created by their
 * sends.
 */
export async function seedPrograms(
  cluster: Cluster,
  javaVersions: readonly JavaClientVersion[],
): Promise<void> {
  const { nameserver } = cluster
  await withPrograms(async (programs) => {
    const [seed000, seed001] = [
      await runGo('seed000', { nameserver }),
      await runGo('seed001', { nameserver }),
    ]
    programs.push(seed000, seed001)
    expect(texts(await seed000.succeeded())).toEqual(['Order Created: 1001'])
    expect(texts(await seed001.succeeded())).toEqual(['Hello RocketMQ!'])
    for (const version of javaVersions) {
      const [seed002, seed004] = await Promise.all([
        runJava(version, 'SeedSimple', { nameserver, seed: '002' }),
        runJava(version, 'SeedSimple', { nameserver, seed: '004' }),
      ])
      programs.push(seed002, seed004)
      await Promise.all([seed002.succeeded(), seed004.succeeded()])
      // Distinct texts: a program that ends as soon as it has seen all may leave its last acknowledgement
      // unsent.
      expect(texts(seed002)).toEqual(Array.from({ length: 10 }, (_, i) => `Hello RocketMQ ${i}`))
      expect(texts(seed004)).toEqual(['my-message-body'])
      expect((seed004.of('received')[0] as ReceivedLine | undefined)?.tags).toBe('my-tag')
    }
  })
}

/**
 * Seed 003: an application on rocketmq-spring-boot-starter 2.2.0 receives an order sent as JSON to
 * order-topic.
 */
export async function springListener(cluster: Cluster): Promise<void> {
  const { nameserver } = cluster
  await withPrograms(async (programs) => {
    // As in the text: the order is placed before the listener starts.
    const messages = [{ topic: 'order-topic', body: Buffer.from(JSON.stringify(ORDER)) }]
    const producer = await goClient.produce({ nameserver, group: 'shop-order', messages })
    programs.push(producer)
    await producer.succeeded()
    const listener = await runSpring(nameserver)
    programs.push(listener)
    const line = await listener.until(({ event }) => event === 'order')
    const asText = Object.fromEntries(Object.entries(ORDER).map(([name, value]) => [name, String(value)]))
    expect(line['order']).toEqual(asText)
  })
}

function texts(program: { of(event: string): readonly object[] }): (string | null)[] {
  return [...new Set((program.of('received') as ReceivedLine[]).map(({ text }) => text))].sort()
}
