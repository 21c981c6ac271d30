import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ApacheRocketMQ } from './apache.js'
import { javaClient, runJava } from './clients.js'
import type { Cluster } from './cluster.js'
import { assortedMessages, type Planned } from './plan.js'
import { type Program, withPrograms } from './program.js'
import { differences, place, type ReceivedLine, type SentLine } from './received.js'
import { describeWithTools } from './requirements.js'
import { Rockhopper } from './rockhopper.js'
import { ScenarioQueue } from './scenarios/scenario-queue.js'
import { expectNotEarly, timedMessages } from './scenarios/timer.js'
import { removeTempDirs, tempDir } from './temp.js'
import { createTopic } from './topics.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const COUNT = LONG ? 20_000 : 300
const TIMEOUT_MS = LONG ? 900_000 : 300_000
/** Most of the time goes by while a Java process starts or ends. */
const CONCURRENCY = 2
const TOPIC = 'exchanged'
const GROUP = 'exchanged-group'

const java5 = javaClient('5.4.0')

type Server = typeof ApacheRocketMQ | typeof Rockhopper
type Ending = 'stop' | 'kill9'

const SERVERS = { apache: ApacheRocketMQ, ours: Rockhopper }
const NAMES = { apache: "Apache's broker", ours: 'our broker' }
const ENDINGS = { stop: 'that was stopped', kill9: 'that was killed' }

describeWithTools('a store directory', () => {
  const scenarios = new ScenarioQueue(CONCURRENCY)
  beforeAll(() => scenarios.start())
  afterAll(removeTempDirs)

  for (const [writer, reader] of [
    ['ours', 'apache'],
    ['apache', 'ours'],
  ] as const) {
    const outcome = scenarios.add(() => handOverTimed(SERVERS[writer], SERVERS[reader]))
    test(`messages that wait in ${NAMES[writer]} come from ${NAMES[reader]}`, () => outcome, TIMEOUT_MS)
  }

  for (const ending of ['stop', 'kill9'] as const) {
    for (const [writer, reader] of [
      ['ours', 'apache'],
      ['apache', 'ours'],
    ] as const) {
      const written = `written by ${NAMES[writer]} ${ENDINGS[ending]}`
      const name = `${written} opens in ${NAMES[reader]}, which serves and goes on`
      const outcome = scenarios.add(() => exchange(SERVERS[writer], SERVERS[reader], ending))
      test(name, () => outcome, TIMEOUT_MS)
    }
  }
})

/** Long enough for the first broker to end and the second to start, also on a busy machine. */
const WAITS_MS = [20_000, 21_500, 24_000]

/** The first broker takes messages into its wheel and ends; the second delivers each once, at its time. */
async function handOverTimed(writer: Server, reader: Server): Promise<void> {
  const storeDir = `${tempDir('timed')}/store`
  await withPrograms(async (programs) => {
    const messages: Planned[] = []
    await during(writer, storeDir, 'stop', async (cluster) => {
      await createTopic(cluster, TOPIC)
      messages.push(...timedMessages(TOPIC, Date.now(), WAITS_MS))
      const { nameserver } = cluster
      const producer = await java5.produce({ nameserver, group: 'timed', messages, mode: 'sync' })
      programs.push(producer)
      await producer.succeeded()
    })
    await during(reader, storeDir, 'kill9', async (cluster) => {
      const received = await consume(cluster, messages.length, programs)
      expect(differences(received, messages)).toEqual([])
      for (const line of received) expectNotEarly(line, messages)
    })
  })
}

/** The first broker writes, the second serves everything at the same places and continues every queue. */
async function exchange(writer: Server, reader: Server, ending: Ending): Promise<void> {
  const storeDir = `${tempDir('exchange')}/store`
  const before = assortedMessages(TOPIC, COUNT, 'before')
  const after = assortedMessages(TOPIC, COUNT, 'after')
  await withPrograms(async (programs) => {
    const sent: SentLine[] = []
    await during(writer, storeDir, ending, async (cluster) => {
      await createTopic(cluster, TOPIC)
      sent.push(...(await produced(cluster, before, programs)))
      const consumed = await consume(cluster, COUNT, programs)
      expect(differences(consumed, before)).toEqual([])
    })
    await during(reader, storeDir, 'kill9', async (cluster) => {
      const served = await pulled(cluster, programs)
      expect(differences(served, before)).toEqual([])
      expect(new Map(served.map(uniqueIdAndPlace))).toEqual(
        new Map(sent.map((line) => [line.msgId, place(line)])),
      )
      sent.push(...(await produced(cluster, after, programs)))
      const everything = await pulled(cluster, programs)
      expect(differences(everything, [...before, ...after])).toEqual([])
      expect(new Set(everything.map(place))).toEqual(new Set(sent.map(place)))
      // A clean end keeps the group's progress, so only what is new comes; a kill may bring older messages
      // again.
      if (ending === 'stop') expect(differences(await consume(cluster, COUNT, programs), after)).toEqual([])
    })
  })
}

async function during(
  server: Server,
  storeDir: string,
  ending: Ending,
  use: (cluster: Cluster) => Promise<void>,
) {
  const cluster = await server.start({ storeDir })
  try {
    await use(cluster)
    await cluster.broker[ending]()
  } finally {
    await cluster.stop()
  }
}

/**
 * Single sends and batches. Java for both: batches of Go's client have no unique ids to tell their messages
 * by.
 */
async function produced({ nameserver }: Cluster, messages: readonly Planned[], programs: Program[]) {
  const half = messages.length / 2
  const producers = await Promise.all([
    java5.produce({
      nameserver,
      group: 'exchange-producers',
      messages: messages.slice(0, half),
      mode: 'sync',
    }),
    java5.produce({ nameserver, group: 'exchange-producers', messages: messages.slice(half), mode: 'batch' }),
  ])
  programs.push(...producers)
  await Promise.all(producers.map((producer) => producer.succeeded()))
  return producers.flatMap((producer) => producer.of('sent') as SentLine[])
}

async function consume({ nameserver }: Cluster, count: number, programs: Program[]): Promise<ReceivedLine[]> {
  const consumer = await java5.consume({ nameserver, topic: TOPIC, group: GROUP, count, lingerMs: 500 })
  programs.push(consumer)
  return (await consumer.succeeded()).of('received') as ReceivedLine[]
}

async function pulled({ nameserver }: Cluster, programs: Program[]): Promise<ReceivedLine[]> {
  const pull = await runJava('5.4.0', 'Pull', { nameserver, topic: TOPIC })
  programs.push(pull)
  return (await pull.succeeded()).of('received') as ReceivedLine[]
}

function uniqueIdAndPlace(line: ReceivedLine): [id: string, place: string] {
  return [line.properties['UNIQ_KEY'] ?? line.msgId, place(line)]
}
