import { expect } from '@jest/globals'
import { type ClientProgram, goClient } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { assortedMessages, type Planned } from '../plan.js'
import { type Program, withPrograms } from '../program.js'
import { differences, type ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'

const QUEUES = 4
const PROBES_MAX = 20

/** Two members of a group share a topic's queues: both get a part, together everything once. */
export async function shareQueues(
  cluster: Cluster,
  clients: readonly [ClientProgram, ClientProgram],
  count: number,
): Promise<void> {
  const { nameserver } = cluster
  const topic = `share-${clients.map(({ name }) => name.replaceAll(/\W/g, '_')).join('-')}`
  await createTopic(cluster, topic, QUEUES)
  await withPrograms(async (programs) => {
    const options = { nameserver, topic, group: `${topic}-group` }
    const members = await Promise.all(clients.map((client) => client.consume(options)))
    programs.push(...members)
    // One that starts slowly would miss every probe.
    await Promise.all(members.map((member) => member.until(({ event }) => event === 'started')))
    await untilShared(cluster, topic, members, programs)
    const messages = assortedMessages(topic, count, 'shared')
    await produced(cluster, messages, programs)
    const parts = () => members.map((member) => received(member, 'shared'))
    const all = () => oncePerPlace(parts().flat())
    await Promise.race(
      members.map((member) => member.holds(() => (all().length >= count ? true : undefined))),
    )
    expect(differences(all(), messages)).toEqual([])
    for (const part of parts()) expect(part.length).toBeGreaterThan(0)
    await Promise.all(members.map((member) => member.closed()))
  })
}

/**
 * A queue that changes hands may bring again what the old owner took but did not commit yet: RocketMQ
 * delivers at least once. The same place in the same queue is such a repeat; the same message at another
 * place is not.
 */
function oncePerPlace(lines: readonly ReceivedLine[]): ReceivedLine[] {
  const places = new Map(
    lines.map((line) => [`${line.brokerName}/${line.queueId}/${line.queueOffset}`, line]),
  )
  return [...places.values()]
}

/** Each of two broadcasting members gets every message. */
export async function broadcast(cluster: Cluster, client: ClientProgram, count: number): Promise<void> {
  const { nameserver } = cluster
  const topic = `broadcast-${client.name.replaceAll(/\W/g, '_')}`
  const messages = assortedMessages(topic, count, 'broadcast')
  await createTopic(cluster, topic, QUEUES)
  await withPrograms(async (programs) => {
    const options = { nameserver, topic, group: `${topic}-group`, broadcast: true, count }
    const members = await Promise.all([client.consume(options), client.consume(options)])
    programs.push(...members)
    await produced(cluster, messages, programs)
    for (const member of members) {
      await member.succeeded()
      expect(differences(received(member, 'broadcast'), messages)).toEqual([])
    }
  })
}

/** Sends one message to each queue, again and again, until both members got some of one round. */
async function untilShared(
  cluster: Cluster,
  topic: string,
  members: readonly Program[],
  programs: Program[],
) {
  for (let round = 0; round < PROBES_MAX; round++) {
    const label = `probe${round}`
    await produced(cluster, assortedMessages(topic, QUEUES, label), programs)
    const all = () => members.flatMap((member) => received(member, label))
    await Promise.race(
      members.map((member) => member.holds(() => (all().length >= QUEUES ? true : undefined), 5_000)),
    )
    if (members.every((member) => received(member, label).length > 0)) return
  }
  throw new Error(
    `two members did not share ${topic} in ${PROBES_MAX} rounds\n${members.map((m) => m.report()).join()}`,
  )
}

async function produced(cluster: Cluster, messages: readonly Planned[], programs: Program[]): Promise<void> {
  const producer = await goClient.produce({
    nameserver: cluster.nameserver,
    group: 'groups-producers',
    messages,
  })
  programs.push(producer)
  await producer.succeeded()
}

function received(member: Program, label: string): ReceivedLine[] {
  return (member.of('received') as ReceivedLine[]).filter(({ properties }) => properties['origin'] === label)
}
