import type { Broker } from './cluster.js'
import { eventually } from './eventually.js'
import { topicIsRouted } from './route.js'
import { ask } from './wire.js'

const UPDATE_AND_CREATE_TOPIC = 17
const READ_AND_WRITE = 6
const ROUTE_TIMEOUT_MS = 15_000

/** Where a topic is made and where it must become known. */
interface Where {
  readonly nameserver: string
  readonly broker: Pick<Broker, 'address'>
}

/**
 * Creates a topic at the cluster's broker with code 17, as mqadmin does, and waits until the name server
 * routes it.
 */
export async function createTopic(
  cluster: Where,
  topic: string,
  queueCount = 4,
  perm = READ_AND_WRITE,
): Promise<void> {
  const { header } = await ask(cluster.broker.address, UPDATE_AND_CREATE_TOPIC, {
    topic,
    defaultTopic: 'TBW102',
    readQueueNums: String(queueCount),
    writeQueueNums: String(queueCount),
    perm: String(perm),
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: '0',
    order: 'false',
  })
  if (header.code !== 0) throw new Error(`topic ${topic}: code ${header.code} ${header.remark ?? ''}`)
  await routed(cluster, topic)
}

export async function routed(cluster: Where, topic: string): Promise<void> {
  await eventually(`route of ${topic}`, ROUTE_TIMEOUT_MS, async () =>
    (await topicIsRouted(cluster.nameserver, topic)) ? true : undefined,
  )
}
