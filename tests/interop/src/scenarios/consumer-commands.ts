import { expect } from '@jest/globals'
import type { ClientProgram } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { eventually } from '../eventually.js'
import { mqadmin } from '../mqadmin.js'
import type { Planned } from '../plan.js'
import { withPrograms } from '../program.js'
import type { ReceivedLine, SentLine } from '../received.js'
import { createTopic } from '../topics.js'

const COUNT = 5
const TIMEOUT_MS = 60_000

/**
 * Through the broker, mqadmin asks a running consumer how it is, has it consume one message again, and sets
 * its offsets back: then all come again. Once nobody runs, offsets are set back at the broker, for the next.
 */
export async function commandConsumers(cluster: Cluster, client: ClientProgram): Promise<void> {
  const { nameserver } = cluster
  const name = client.name.replaceAll(/\W/g, '_')
  const topic = `commanded-${name}`
  const group = `${topic}-group`
  const admin = (...args: string[]) => mqadmin(nameserver, args)
  await createTopic(cluster, topic, 1)
  await withPrograms(async (programs) => {
    const producer = await client.produce({
      nameserver,
      group: `${topic}-p`,
      messages: plannedMessages(topic),
    })
    programs.push(producer)
    await producer.succeeded()
    const offsetMessageId = String((producer.of('sent')[0] as SentLine).offsetMsgId)
    const consumer = await client.consume({ nameserver, topic, group })
    programs.push(consumer)
    const received = () => consumer.of('received') as ReceivedLine[]
    const times = (count: number) =>
      eventually(`${count} deliveries of each`, TIMEOUT_MS, async () =>
        received().length >= count * COUNT ? true : undefined,
      )
    await times(1)
    const clientId = await eventually('the connection of the consumer', TIMEOUT_MS, async () =>
      clientIdOf(await admin('consumerConnection', '-g', group)),
    )

    const status = await eventually('the running info', TIMEOUT_MS, async () => {
      const text = await admin('consumerStatus', '-g', group, '-i', clientId)
      return text === '' ? undefined : text
    })
    expect(status).toMatch(/#Consumer (Properties|Subscription)#/)
    expect(status).toContain(topic)

    const directly = ['queryMsgById', '-t', topic, '-g', group, '-d', clientId, '-i', offsetMessageId]
    await eventually('consumed directly', TIMEOUT_MS, async () => {
      const again = await admin(...directly)
      return again.includes('consumeResult=CR_SUCCESS') ? true : undefined
    })
    const ofFirst = received().filter(({ keys }) => keys?.trim() === 'key-0')
    expect(ofFirst.length).toBeGreaterThanOrEqual(2)

    const before = received().length
    await eventually('online reset', TIMEOUT_MS, async () => {
      const reset = await admin('resetOffsetByTime', '-g', group, '-t', topic, '-s', '0')
      return reset.includes(topic) || reset.includes('rollback') ? true : undefined
    })
    await eventually('all come again', TIMEOUT_MS, async () =>
      received().length >= before + COUNT ? true : undefined,
    )
    await consumer.closed()

    await admin('resetOffsetByTime', '-g', group, '-t', topic, '-s', '0')
    const next = await client.consume({ nameserver, topic, group, count: COUNT })
    programs.push(next)
    await next.succeeded()
    const keys = (next.of('received') as ReceivedLine[]).map((line) => line.keys?.trim())
    expect(new Set(keys)).toEqual(new Set(plannedMessages(topic).map((message) => message.keys)))
  })
}

/** The first column of the row below the headings; mqadmin prints nothing when it gave up waiting. */
function clientIdOf(table: string): string | undefined {
  const row = table.split('\n').find((line) => /@/.test(line))
  return row?.trim().split(/\s+/)[0]
}

function plannedMessages(topic: string): Planned[] {
  return Array.from({ length: COUNT }, (_, i) => ({
    topic,
    keys: `key-${i}`,
    body: Buffer.from(`body ${i}`),
  }))
}
