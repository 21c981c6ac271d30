import { expect } from '@jest/globals'
import type { ClientProgram, ProduceOptions } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { assortedMessages } from '../plan.js'
import { type Program, withPrograms } from '../program.js'
import { differences, place, type ReceivedLine, type SentLine } from '../received.js'
import { createTopic } from '../topics.js'

export interface Sender {
  readonly client: ClientProgram
  readonly mode: NonNullable<ProduceOptions['mode']>
}

/**
 * Every sender sends its messages to one topic; a group of every receiver gets all of them: bodies, tags,
 * keys and properties equal, each once, and at the queue and offset the sender was told.
 */
export async function sendAndReceive(
  cluster: Cluster,
  topic: string,
  senders: readonly Sender[],
  receivers: readonly ClientProgram[],
  countPerSender: number,
): Promise<void> {
  await createTopic(cluster, topic)
  const { nameserver } = cluster
  const plans = senders.map(({ client, mode }) => {
    const label = `${client.name} ${mode}`.replaceAll(/[^\w]/g, '_')
    return { client, mode, label, messages: assortedMessages(topic, countPerSender, label) }
  })
  const all = plans.flatMap(({ messages }) => messages)
  await withPrograms(async (programs) => {
    const consumers = await Promise.all(
      receivers.map((client) => {
        const group = `${topic}-to-${client.name.replaceAll(/\W/g, '_')}`
        return client.consume({ nameserver, topic, group, count: all.length })
      }),
    )
    programs.push(...consumers)
    const producers: Program[] = []
    for (const { client, mode, label, messages } of plans) {
      const producer = await client.produce({ nameserver, group: `${label}-producers`, messages, mode })
      programs.push(producer)
      producers.push(await producer.succeeded())
    }
    await Promise.all(consumers.map((consumer) => consumer.succeeded()))
    const sentPlaces = producers.flatMap((producer, i) => {
      const sent = producer.of('sent') as SentLine[]
      expect(sent).toHaveLength(countPerSender)
      if (plans[i]?.mode === 'oneway') return []
      expect(new Set(sent.map(({ status }) => status))).toEqual(new Set(['SEND_OK']))
      return sent.map(place)
    })
    for (const consumer of consumers) {
      const received = consumer.of('received') as ReceivedLine[]
      expect(differences(received, all)).toEqual([])
      const places = new Set(received.map(place))
      expect(sentPlaces.filter((sent) => !places.has(sent))).toEqual([])
    }
  })
}
