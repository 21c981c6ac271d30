import { expect } from '@jest/globals'
import { startApacheBroker, startApacheNameServer } from '../apache.js'
import { runJavaFeature, runOurs } from '../clients.js'
import type { Broker, Cluster } from '../cluster.js'
import type { Side } from '../matrix/features.js'
import { type Program, withPrograms } from '../program.js'
import { startRockhopperBroker, startRockhopperNameServer } from '../rockhopper.js'
import { createTopic } from '../topics.js'

const TOPIC = 'near-and-far'
const QUEUES = 4
/** Two Java programs start first, on a machine that may be busy. */
const SHARE_MS = 150_000

type Options = Readonly<Record<string, string | number>>

/**
 * Two brokers in two machine rooms, which are also two zones, at servers of their own: producers send to one
 * room; members take what is near, take over a room that nobody is left in, share by hashes, and see one
 * zone.
 */
export async function nearAndFar({ implementation }: Cluster, side: Side): Promise<void> {
  const ours = implementation === 'rockhopper'
  const nameserver = await (ours ? startRockhopperNameServer() : startApacheNameServer())
  const brokers: Broker[] = []
  try {
    for (const [brokerName, zone] of [['east@a', 'east'] as const, ['west@b', 'west'] as const]) {
      const options = { nameserver: nameserver.address, brokerName, zone }
      brokers.push(await (ours ? startRockhopperBroker(options) : startApacheBroker(options)))
    }
    for (const broker of brokers) await createTopic({ nameserver: nameserver.address, broker }, TOPIC, QUEUES)
    await withPrograms((programs) => compared(nameserver.address, side, programs))
  } finally {
    await Promise.all(brokers.map((broker) => broker.kill9()))
    await nameserver.stop()
  }
}

const queuesOf = (...brokerNames: readonly string[]): string =>
  brokerNames
    .flatMap((name) => Array.from({ length: QUEUES }, (_, queueId) => `${name} ${queueId}`))
    .join(',')

const NEAR = queuesOf('east@a')
const FAR = queuesOf('west@b')

async function compared(nameserver: string, side: Side, programs: Program[]): Promise<void> {
  const start = async (of: Side, options: Options, zone?: string): Promise<Program> => {
    const all = { nameserver, topic: TOPIC, ...options }
    const program =
      of === 'ours'
        ? await runOurs('zones', zone === undefined ? all : { ...all, zone })
        : await runJavaFeature('Zones', all, zone === undefined ? [] : zoneOf(zone))
    programs.push(program)
    return program
  }
  const join = (room: string, allocate: string, zone?: string) =>
    start(side, { group: `${TOPIC}-${allocate}`, room, allocate }, zone)

  const producer = await start(side, { group: `${TOPIC}-producers`, room: 'west-1', send: 2 * QUEUES })
  await producer.succeeded()
  const sent = producer.of('sent').map(({ queue }) => String(queue))
  expect(sent.sort().join(',')).toBe([...FAR.split(','), ...FAR.split(',')].sort().join(','))

  const [near, far] = [await join('east-1', 'nearby'), await join('west-1', 'nearby')]
  await Promise.all([holds(near, NEAR), holds(far, FAR)])
  far.tell('end')
  await far.succeeded()
  await holds(near, queuesOf('east@a', 'west@b'))
  near.tell('end')

  await holds(await join('east-1', 'room'), NEAR)
  await holds(await join('anywhere-1', 'average', 'west'), FAR)
  await shareByHash(start, side)
}

/** With another member on Java: both compute the same split. */
async function shareByHash(
  start: (of: Side, options: Options) => Promise<Program>,
  side: Side,
): Promise<void> {
  const group = { group: `${TOPIC}-hash`, allocate: 'hash' }
  const members = [
    await start(side, { ...group, room: 'east-1' }),
    await start('official', { ...group, room: 'west-1' }),
  ]
  const all = queuesOf('east@a', 'west@b')
  const heldBy = (member: Program) => String(member.of('queues').at(-1)?.['queues'] ?? '').split(',')
  const split = await members[0]?.holds(() => {
    const held = members.flatMap(heldBy).filter((queue) => queue !== '')
    return members.every((member) => member.of('queues').length > 0) && held.sort().join(',') === all
      ? true
      : undefined
  }, SHARE_MS)
  if (split === undefined) throw new Error(members.map((member) => member.report()).join('\n'))
}

async function holds(member: Program, queues: string): Promise<void> {
  const found = await member.holds(
    () => (member.of('queues').at(-1)?.['queues'] === queues ? true : undefined),
    SHARE_MS,
  )
  if (found === undefined) throw new Error(`not ${queues}\n${member.report()}`)
}

/** The client reads them wherever it asks for a route. */
const zoneOf = (zone: string): string[] => [`-Drocketmq.zone=${zone}`, '-Drocketmq.zone.mode=true']
