import { setTimeout as delay } from 'node:timers/promises'
import { expect } from '@jest/globals'
import { goClient, runJavaFeature, runOurs } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Side } from '../matrix/features.js'
import { type Program, withPrograms } from '../program.js'
import { tempDir } from '../temp.js'
import { createTopic } from '../topics.js'

const SECOND_MS = 1_000
const COME_MS = 60_000
const ALL = ['early', 'middle', 'late']

/**
 * Where a new consumer begins: broadcasting ones at the first message, at a time, or behind the last; one of
 * a group at the first whatever it asks for, as the broker says so of a queue that still has its first
 * message.
 */
export async function beginWhere(cluster: Cluster, side: Side): Promise<void> {
  const { nameserver } = cluster
  const topic = `begin-${side}`
  await createTopic(cluster, topic, 1)
  await withPrograms(async (programs) => {
    const send = async (text: string) => {
      const messages = [{ topic, body: Buffer.from(text) }]
      const producer = await goClient.produce({ nameserver, group: `${topic}-producers`, messages })
      programs.push(producer)
      await producer.succeeded()
    }
    const listen = async (name: string, from: string, more: Readonly<Record<string, string | boolean>>) => {
      const options = { nameserver, topic, group: `${topic}-${name}`, instance: name, from, ...more }
      const program = await (side === 'ours'
        ? runOurs('consume', { ...options, 'offset-dir': tempDir('offsets') })
        : runJavaFeature('Listen', options))
      programs.push(program)
      await program.until(({ event }) => event === 'ready', COME_MS)
      return program
    }
    await send('early')
    // Apache's option has whole seconds.
    const second = Math.ceil(Date.now() / SECOND_MS) * SECOND_MS + SECOND_MS
    await delay(second + SECOND_MS - Date.now())
    await send('middle')
    const broadcast = true
    const members: readonly (readonly [Program, readonly string[]])[] = [
      [await listen('first', 'first', { broadcast }), ALL],
      [await listen('time', 'timestamp', { broadcast, timestamp: localSecond(second) }), ALL.slice(1)],
      [await listen('last', 'last', { broadcast }), ALL.slice(2)],
      [await listen('young', 'last', {}), ALL],
    ]
    await send('late')
    for (const [member, expected] of members) {
      const received = () => member.of('received').map(({ text }) => String(text))
      await member.holds(
        () => (expected.every((text) => received().includes(text)) ? true : undefined),
        COME_MS,
      )
      expect(received().sort()).toEqual([...expected].sort())
    }
  })
}

/** Apache's yyyyMMddHHmmss, in local time. */
function localSecond(time: number): string {
  const date = new Date(time)
  const parts = [
    ...[date.getFullYear(), date.getMonth() + 1, date.getDate()],
    ...[date.getHours(), date.getMinutes(), date.getSeconds()],
  ]
  return parts.map((part) => String(part).padStart(2, '0')).join('')
}
