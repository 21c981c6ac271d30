import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ApacheRocketMQ } from './apache.js'
import { javaClient } from './clients.js'
import type { Cluster } from './cluster.js'
import type { Planned } from './plan.js'
import { withPrograms } from './program.js'
import { differences, type ReceivedLine } from './received.js'
import { describeWithTools } from './requirements.js'
import { Rockhopper } from './rockhopper.js'
import { ScenarioQueue } from './scenarios/scenario-queue.js'
import { expectNotEarly, timedMessages } from './scenarios/timer.js'
import { type Ending, exchange, type Server } from './store-visits.js'
import { removeTempDirs, tempDir } from './temp.js'
import { createTopic } from './topics.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const TIMEOUT_MS = LONG ? 1_800_000 : 300_000
/** Most of the time goes by while a Java process starts or ends. */
const CONCURRENCY = 2
const TOPIC = 'timed'
const ONLY = new RegExp(process.env['ROCKHOPPER_INTEROP_ONLY'] ?? '')

const java5 = javaClient('5.4.0')

const SERVERS = { apache: ApacheRocketMQ, ours: Rockhopper }
const NAMES = { apache: "Apache's broker", ours: 'our broker' }
const ENDINGS = { stop: 'that was stopped', kill9: 'that was killed' }
/** Messages of all kinds; the 50,000 once each way. */
const COUNTS = { stop: LONG ? 50_000 : 300, kill9: LONG ? 10_000 : 200 }

describeWithTools('a store directory', () => {
  const scenarios = new ScenarioQueue(CONCURRENCY)
  beforeAll(() => scenarios.start())
  afterAll(removeTempDirs)

  for (const [writer, reader] of [
    ['ours', 'apache'],
    ['apache', 'ours'],
  ] as const) {
    const name = `messages that wait in ${NAMES[writer]} come from ${NAMES[reader]}`
    if (!ONLY.test(name) || (!LONG && writer === 'apache')) continue
    const outcome = scenarios.add(() => handOverTimed(SERVERS[writer], SERVERS[reader]))
    test(name, () => outcome, TIMEOUT_MS)
  }

  for (const ending of ['stop', 'kill9'] as const satisfies readonly Ending[]) {
    for (const [writer, reader] of [
      ['ours', 'apache'],
      ['apache', 'ours'],
    ] as const) {
      // Each way once and each ending once; the other two in the long size.
      if (!LONG && (writer === 'ours') !== (ending === 'stop')) continue
      const written = `written by ${NAMES[writer]} ${ENDINGS[ending]}`
      const name = `${written} opens in ${NAMES[reader]}, which serves and goes on`
      if (!ONLY.test(name)) continue
      const outcome = scenarios.add(() =>
        exchange({
          writer: SERVERS[writer],
          reader: SERVERS[reader],
          ending,
          count: COUNTS[ending],
        }),
      )
      test(name, () => outcome, TIMEOUT_MS)
    }
  }
})

/** Long enough for the first broker to end and the second to start, also on a busy machine. */
const WAITS_MS = [20_000, 21_500, 24_000]

/** The first broker takes messages into its wheel and ends; the second delivers each once, at its time. */
async function handOverTimed(writer: Server, reader: Server): Promise<void> {
  const storeDir = `${tempDir('timed')}/store`
  const messages: Planned[] = []
  await withPrograms(async (programs) => {
    const first = await writer.start({ storeDir })
    await whileRunning(first, async () => {
      await createTopic(first, TOPIC)
      messages.push(...timedMessages(TOPIC, Date.now(), WAITS_MS))
      const { nameserver } = first
      const producer = await java5.produce({ nameserver, group: 'timed', messages, mode: 'sync' })
      programs.push(producer)
      await producer.succeeded()
      await first.broker.stop()
    })
    const second = await reader.start({ storeDir })
    await whileRunning(second, async () => {
      const { nameserver } = second
      const count = messages.length
      const consumer = await java5.consume({ nameserver, topic: TOPIC, group: 'timed', count, lingerMs: 500 })
      programs.push(consumer)
      const received = (await consumer.succeeded()).of('received') as ReceivedLine[]
      expect(differences(received, messages)).toEqual([])
      for (const line of received) expectNotEarly(line, messages)
      await second.broker.kill9()
    })
  })
}

async function whileRunning(cluster: Cluster, use: () => Promise<void>): Promise<void> {
  try {
    await use()
  } finally {
    await cluster.stop()
  }
}
