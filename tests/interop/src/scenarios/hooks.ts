import { expect } from '@jest/globals'
import { ourClient } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Planned } from '../plan.js'
import { withPrograms } from '../program.js'
import { createTopic } from '../topics.js'

const FAILING = 'Failing'
const COUNT = 6

/** Hooks of our client see each send with its end, and each call of a listener, also that of a retry. */
export async function hooked(cluster: Cluster): Promise<void> {
  const { nameserver } = cluster
  const topic = 'hooked'
  const messages: Planned[] = Array.from({ length: COUNT }, (_, i) => ({
    topic,
    tag: i % 3 === 0 ? FAILING : 'Fine',
    keys: `key-${i}`,
    body: Buffer.from(`body ${i}`),
    properties: {},
  }))
  await createTopic(cluster, topic)
  await withPrograms(async (programs) => {
    const group = 'hooked-consumers'
    const failing = { failAttempts: 1, failTag: FAILING, count: COUNT }
    const consumer = await ourClient.consume({ nameserver, topic, group, ...failing, hooks: true })
    programs.push(consumer)
    const producer = await ourClient.produce({ nameserver, group: 'hooked-producers', messages, hooks: true })
    programs.push(producer)
    await producer.succeeded()
    const sends = messages.flatMap(({ keys }) => [`begin ${keys}`, `SEND_OK ${keys}`])
    expect(producer.of('hook').map(({ saw }) => saw)).toEqual(sends)
    await consumer.succeeded()
    const calls = messages.flatMap(({ keys, tag }) =>
      tag === FAILING
        ? [`begin ${keys} 0`, `RECONSUME_LATER ${keys} 0`, `begin ${keys} 1`, `SUCCESS ${keys} 1`]
        : [`begin ${keys} 0`, `SUCCESS ${keys} 0`],
    )
    const saw = consumer.of('hook').map((line) => String(line['saw']))
    expect(saw.toSorted()).toEqual(calls.toSorted())
    // The call of a retry begins after its first one ended.
    const retry = saw.indexOf('begin key-0 1')
    expect(saw.indexOf('RECONSUME_LATER key-0 0')).toBeLessThan(retry)
  })
}
