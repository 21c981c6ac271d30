import { expect } from '@jest/globals'
import { goClient } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { eventually } from '../eventually.js'
import { mqadmin } from '../mqadmin.js'
import { assortedMessages } from '../plan.js'
import { withPrograms } from '../program.js'
import { routed } from '../topics.js'

const TOPIC = 'administered'
const GROUP = 'administered-group'
const COUNT = 20
const PROGRESS_TIMEOUT_MS = 60_000

/**
 * Apache's mqadmin lists the cluster, makes a topic, and shows its route, its offsets and a group's progress.
 */
export async function administer(cluster: Cluster): Promise<void> {
  const { nameserver, broker } = cluster
  const admin = (...args: string[]) => mqadmin(nameserver, args)
  const made = await admin('updateTopic', '-b', broker.address, '-t', TOPIC, '-r', '2', '-w', '2')
  expect(made).toContain(`create topic to ${broker.address} success`)
  await routed(cluster, TOPIC)
  await consumed(cluster, () => admin('consumerProgress', '-g', GROUP))
  const [clusters, route, status] = await Promise.all([
    admin('clusterList'),
    admin('topicRoute', '-t', TOPIC),
    admin('topicStatus', '-t', TOPIC),
  ])
  expect(words(clusters, broker.brokerName)).toEqual(
    expect.arrayContaining(['DefaultCluster', broker.brokerName, '0', broker.address]),
  )
  expect(JSON.parse(quoted(route))).toMatchObject({
    brokerDatas: [{ brokerAddrs: { 0: broker.address }, brokerName: broker.brokerName }],
    queueDatas: [{ brokerName: broker.brokerName, readQueueNums: 2, writeQueueNums: 2, perm: 6 }],
  })
  // #Broker Name  #QID  #Min Offset  #Max Offset  #Last Updated
  const offsets = lines(status, broker.brokerName).map(([, queueId, min, max]) => ({ queueId, min, max }))
  expect(offsets.map(({ queueId, min }) => [queueId, min])).toEqual([
    ['0', '0'],
    ['1', '0'],
  ])
  expect(offsets.reduce((sum, { max }) => sum + Number(max), 0)).toBe(COUNT)
}

/**
 * Sends and consumes until the progress says that nothing is left. The consumer lives that long: its client
 * commits every five seconds, and may leave out what was taken in its last moment.
 */
async function consumed({ nameserver, broker }: Cluster, progress: () => Promise<string>): Promise<void> {
  const nothingLeft = (table: string) =>
    lines(table, broker.brokerName).filter(([topic]) => topic === TOPIC).length === 2 &&
    /Consume Diff Total: 0\b/.test(table)
  await withPrograms(async (programs) => {
    const messages = assortedMessages(TOPIC, COUNT, 'administered')
    const producer = await goClient.produce({ nameserver, group: 'administered-producers', messages })
    const consumer = await goClient.consume({ nameserver, topic: TOPIC, group: GROUP })
    programs.push(producer, consumer)
    await producer.succeeded()
    await eventually('nothing is left to consume', PROGRESS_TIMEOUT_MS, async () =>
      nothingLeft(await progress()) ? true : undefined,
    )
    await consumer.closed()
  })
}

/** mqadmin prints the broker ids of a route as bare numbers, as fastjson does. */
function quoted(json: string): string {
  return json.replaceAll(/([{,]\s*)(\d+)\s*:/g, '$1"$2":')
}

/** The columns of the lines that name the broker. */
function lines(table: string, brokerName: string): string[][] {
  const rows = table.split('\n').map((row) => row.trim().split(/\s+/))
  return rows.filter((row) => row.includes(brokerName))
}

function words(table: string, brokerName: string): string[] {
  return lines(table, brokerName).flat()
}
