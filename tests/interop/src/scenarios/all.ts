import { afterAll, beforeAll, test } from '@jest/globals'
import {
  type ClientProgram,
  goClient,
  type JavaClientVersion,
  javaClient,
  ourClient,
  runJava,
  runOurs,
} from '../clients.js'
import type { Cluster } from '../cluster.js'
import { describeWithTools } from '../requirements.js'
import { removeTempDirs } from '../temp.js'
import { administer } from './administration.js'
import { broadcast, shareQueues } from './groups.js'
import { readByOffset } from './offsets.js'
import { keepOrder } from './order.js'
import { requestReply } from './request-reply.js'
import { retryAndDeadLetter } from './retry.js'
import { ScenarioQueue } from './scenario-queue.js'
import { seedPrograms, springListener } from './seeds.js'
import { sendAndReceive } from './send-and-receive.js'
import { deliverAtTheirTime } from './timer.js'
import { traced } from './tracing.js'
import { transactions } from './transactions.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
/** Messages of each sender. */
const COUNT = LONG ? 5_000 : 200
const PER_KEY = LONG ? 100 : 10
/** Programs that are not built yet are built first, in the worst case with an empty Maven repository. */
const BUILD_TIMEOUT_MS = 900_000
const TEST_TIMEOUT_MS = BUILD_TIMEOUT_MS
/**
 * Much of a scenario is waiting, for a rebalance or a retry; more at once than this only wait for the
 * processor.
 */
const CONCURRENCY = 3
/**
 * Runs only the scenarios whose name matches. Jest's -t would hide the others, but they would run all the
 * same.
 */
const ONLY = new RegExp(process.env['ROCKHOPPER_INTEROP_ONLY'] ?? '')

const java4 = javaClient('4.9.8')
const java5 = javaClient('5.4.0')
const CLIENTS: readonly ClientProgram[] = [java4, java5, goClient, ourClient]

const javaAsking = (version: JavaClientVersion) => ({
  name: `java-${version}`,
  start: (program: 'Request' | 'Reply', options: Readonly<Record<string, string | number>>) =>
    runJava(version, program, options),
})
const oursAsking = {
  name: 'ours',
  start: (program: 'Request' | 'Reply', options: Readonly<Record<string, string | number>>) =>
    runOurs(program.toLowerCase(), options),
}

/**
 * All that clients must be able to do, against whoever's servers. One pair of servers serves all tests of a
 * file.
 */
export function scenariosAgainst(servers: string, start: () => Promise<Cluster>): void {
  describeWithTools(servers, () => {
    let cluster: Cluster
    const scenarios = new ScenarioQueue(CONCURRENCY)

    beforeAll(async () => {
      cluster = await start()
      scenarios.start()
    }, BUILD_TIMEOUT_MS)

    afterAll(async () => {
      await cluster?.stop()
      removeTempDirs()
    }, TEST_TIMEOUT_MS)

    const scenario = (name: string, run: () => Promise<unknown>) => {
      if (!ONLY.test(name)) return
      const outcome = scenarios.add(run)
      test(name, () => outcome, TEST_TIMEOUT_MS)
    }

    // First what takes longest: Go asks for the route of its retry topic only every 30 s.
    scenario(`${goClient.name}: failed messages come again and end in the dead-letter topic`, () =>
      retryAndDeadLetter(cluster, goClient),
    )
    scenario('transactions of one group on all clients: visible if and only if committed', () =>
      transactions(cluster, CLIENTS),
    )
    for (const client of [java5, ourClient]) {
      scenario(`${client.name}: messages with a time of their own come at that time`, () =>
        deliverAtTheirTime(cluster, client),
      )
    }
    exchanges(scenario, () => cluster)
    scenario('the programs of seeds 000, 001, 002 and 004 do what they say', () =>
      seedPrograms(cluster, ['4.9.8', '5.4.0']),
    )
    scenario('seed 003: a Spring Boot listener on order-topic receives an order', () =>
      springListener(cluster),
    )
    for (const client of CLIENTS) {
      const { name } = client
      if (client !== goClient) {
        scenario(`${name}: failed messages come again and end in the dead-letter topic`, () =>
          retryAndDeadLetter(cluster, client),
        )
      }
      scenario(`${name}: messages of one key keep their order`, () => keepOrder(cluster, client, PER_KEY))
      scenario(`${name}: two members share the queues of a topic`, () =>
        shareQueues(cluster, [client, client], COUNT),
      )
      scenario(`${name}: broadcasting members each get everything`, () => broadcast(cluster, client, COUNT))
    }
    scenario('a Java 5.4 member and one of ours share the queues of a topic', () =>
      shareQueues(cluster, [java5, ourClient], COUNT),
    )
    scenario('offsets, searches and pulls fit together for Java 4.9', () =>
      readByOffset(cluster, '4.9.8', COUNT),
    )
    scenario('offsets, searches and pulls fit together for Java 5.4', () =>
      readByOffset(cluster, '5.4.0', COUNT),
    )
    questions(scenario, () => cluster)
    scenario('mqadmin finds the traces of our producer and consumer', () => traced(cluster))
    scenario('mqadmin shows cluster, route, status and progress', () => administer(cluster))
  })
}

type Scenario = (name: string, run: () => Promise<unknown>) => void

function exchanges(scenario: Scenario, cluster: () => Cluster): void {
  scenario('what Java 4.9, Java 5.4 and Go clients send reaches all three unchanged', () => {
    const senders = [
      { client: java4, mode: 'sync' },
      { client: java4, mode: 'batch' },
      { client: java5, mode: 'async' },
      { client: java5, mode: 'batch' },
      { client: java5, mode: 'oneway' },
      { client: goClient, mode: 'sync' },
      { client: goClient, mode: 'async' },
      { client: goClient, mode: 'batch' },
    ] as const
    return sendAndReceive(cluster(), 'assorted', senders, [java4, java5, goClient], COUNT)
  })
  scenario('what our client and Java 5.4 send reaches our client, Java 5.4 and Go unchanged', () => {
    const ours = (['sync', 'async', 'batch', 'oneway'] as const).map((mode) => ({ client: ourClient, mode }))
    const senders = [...ours, { client: java5, mode: 'sync' as const }]
    return sendAndReceive(cluster(), 'assorted-ours', senders, [ourClient, java5, goClient], COUNT)
  })
}

function questions(scenario: Scenario, cluster: () => Cluster): void {
  const pairs = [
    [javaAsking('4.9.8'), javaAsking('5.4.0')],
    [javaAsking('5.4.0'), javaAsking('4.9.8')],
    [oursAsking, javaAsking('5.4.0')],
    [javaAsking('5.4.0'), oursAsking],
  ] as const
  for (const [asking, answering] of pairs) {
    scenario(`${asking.name} asks, ${answering.name} answers`, () =>
      requestReply(cluster(), asking, answering),
    )
  }
}
