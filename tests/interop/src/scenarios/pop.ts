import { expect } from '@jest/globals'
import { goClient, runJavaFeature, runOurs } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { eventually } from '../eventually.js'
import type { Side } from '../matrix/features.js'
import type { Planned } from '../plan.js'
import { type Program, withPrograms } from '../program.js'
import { differences, type ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'

export const COUNT = 8
/** What is neither acknowledged nor put off comes again after this. */
const INVISIBLE_MS = 8_000
const LATER_MS = 3_000
const REVIVED_TIMEOUT_MS = 60_000

/**
 * Messages are popped; some acknowledged alone, some in a batch, one put off, one forgotten: exactly the
 * last two come again, counted in reconsumeTimes.
 */
export async function popAndAcknowledge(cluster: Cluster, side: Side): Promise<void> {
  const { nameserver, broker } = cluster
  const topic = `popped-${side}`
  const messages = plannedMessages(topic)
  await createTopic(cluster, topic, 1)
  await withPrograms(async (programs) => {
    const producer = await goClient.produce({ nameserver, group: 'pop-producers', messages })
    programs.push(producer)
    await producer.succeeded()
    const options = {
      ...{ nameserver, broker: broker.address, 'broker-name': broker.brokerName, topic },
      ...{ group: `${topic}-group`, 'invisible-ms': INVISIBLE_MS },
    }
    const popping = await (side === 'ours' ? runOurs('pop', options) : runJavaFeature('PopCalls', options))
    programs.push(popping)
    await popping.until(({ event }) => event === 'ready')
    const received = () => popping.of('received') as ReceivedLine[]
    await eventually('all are popped', REVIVED_TIMEOUT_MS, async () => {
      await told(popping, 'receive')
      return received().length >= COUNT ? true : undefined
    })
    await told(popping, 'ack key-0 key-1 key-2')
    await told(popping, 'ackAll key-3 key-4 key-5')
    await told(popping, `later key-6 ${LATER_MS}`)
    expect(differences(received(), messages)).toEqual([])
    await eventually('two come again', REVIVED_TIMEOUT_MS, async () => {
      await told(popping, 'receive')
      return received().length >= COUNT + 2 ? true : undefined
    })
    const again = received().slice(COUNT)
    expect(again.map(({ keys, reconsumeTimes }) => [keys?.trim(), reconsumeTimes]).sort()).toEqual([
      ['key-6', 1],
      ['key-7', 1],
    ])
    await told(popping, 'ackAll key-6 key-7')
    await popping.closed()
  })
}

export function plannedMessages(topic: string): Planned[] {
  return Array.from({ length: COUNT }, (_, i) => ({
    topic,
    keys: `key-${i}`,
    tag: i === 5 ? 'fails' : 'fine',
    body: Buffer.from(`消息 ${i}`),
    properties: { number: String(i) },
  }))
}

/** One command of PopCalls.java, to its end. */
export async function told(program: Program, command: string): Promise<void> {
  const before = program.of('ok').length
  program.tell(command)
  const done = await program.holds(() => (program.of('ok').length > before ? true : undefined))
  if (done === undefined) throw new Error(`${command} did not end\n${program.report()}`)
}
