import {
  type ClientProgram,
  goClient,
  type JavaClientVersion,
  javaClient,
  ourClient,
  runJava,
  runOurs,
} from '../clients.js'
import type { Side } from '../matrix/features.js'
import { administer } from './administration.js'
import { cloneOffsets } from './clone-offsets.js'
import { compressed } from './compression.js'
import { beginWhere } from './consume-from.js'
import { commandConsumers } from './consumer-commands.js'
import { deliverByLevel } from './delay-levels.js'
import { broadcast, shareQueues } from './groups.js'
import { hooked } from './hooks.js'
import { largest } from './limits.js'
import { litePull } from './lite-pull.js'
import { readByOffset, readByOffsetWithOurs } from './offsets.js'
import { keepOrder } from './order.js'
import { popAndAcknowledge } from './pop.js'
import { pushByPop } from './pop-push.js'
import { byPriority } from './priority.js'
import { query } from './query.js'
import { recall } from './recall.js'
import { refuseTheSame } from './refusals.js'
import { requestReply } from './request-reply.js'
import { retryAndDeadLetter } from './retry.js'
import { CROSSED, type Scenario, sideOf } from './scenario.js'
import { seedPrograms, springListener } from './seeds.js'
import { sendAndReceive } from './send-and-receive.js'
import { filterBySql } from './sql92.js'
import { chooseByTags } from './tags.js'
import { deliverAtTheirTime } from './timer.js'
import { waitForWeeks } from './timer-limit.js'
import { traced, tracedByJava } from './tracing.js'
import { transactions } from './transactions.js'
import { nearAndFar } from './zones.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
/** Messages of each sender. */
const COUNT = LONG ? 5_000 : 200
const PER_KEY = LONG ? 100 : 10

const java4 = javaClient('4.9.8')
const java5 = javaClient('5.4.0')
const CLIENTS: readonly ClientProgram[] = [java4, java5, goClient, ourClient]

const javaAsking = (version: JavaClientVersion) => ({
  name: `java-${version}`,
  side: 'official' as const,
  start: (program: 'Request' | 'Reply', options: Readonly<Record<string, string | number>>) =>
    runJava(version, program, options),
})
const oursAsking = {
  name: 'ours',
  side: 'ours' as const,
  start: (program: 'Request' | 'Reply', options: Readonly<Record<string, string | number>>) =>
    runOurs(program.toLowerCase(), options),
}

const retries = (client: ClientProgram): Scenario => ({
  name: `${client.name}: failed messages come again and end in the dead-letter topic`,
  features: ['retry'],
  sides: [sideOf(client)],
  run: (cluster) => retryAndDeadLetter(cluster, client),
})

/** Not Go: its client answers with NaN in the JSON of its running info while it has no statistics. */
const commanded = (client: ClientProgram): Scenario => ({
  name: `${client.name}: mqadmin asks a running consumer, has it consume, and resets offsets`,
  features: ['runningInfo', 'consumeDirectly', 'offsetReset'],
  sides: [sideOf(client)],
  short: client === java4 ? [] : CROSSED,
  run: (cluster) => commandConsumers(cluster, client),
})

function ofEach(client: ClientProgram): Scenario[] {
  const { name } = client
  const sides = [sideOf(client)]
  // One official client for the short size; the others differ from it in none of these.
  const short = client === java5 || client === ourClient ? CROSSED : []
  return [
    ...(client === goClient ? [] : [retries(client), commanded(client)]),
    {
      name: `${name}: messages of one key keep their order`,
      features: ['ordered'],
      sides,
      run: (cluster) => keepOrder(cluster, client, PER_KEY),
    },
    {
      name: `${name}: two members share the queues of a topic`,
      features: ['rebalance'],
      sides,
      run: (cluster) => shareQueues(cluster, [client, client], COUNT),
    },
    {
      name: `${name}: broadcasting members each get everything`,
      features: ['broadcast'],
      sides,
      run: (cluster) => broadcast(cluster, client, COUNT),
    },
    {
      name: `${name}: messages with a level come after its delay`,
      features: ['delayLevels'],
      sides,
      short,
      run: (cluster) => deliverByLevel(cluster, client),
    },
    {
      name: `${name}: the largest body comes, a larger one is refused`,
      features: ['limits'],
      sides,
      short,
      run: (cluster) => largest(cluster, client),
    },
    {
      name: `${name}: tags choose messages`,
      features: ['tags'],
      sides,
      short,
      run: (cluster) => chooseByTags(cluster, client),
    },
    {
      name: `${name}: an SQL92 expression chooses by properties, and a wrong one is refused`,
      features: ['sql92'],
      sides,
      short,
      run: (cluster) => filterBySql(cluster, client),
    },
  ]
}

const timed = (client: ClientProgram): Scenario => ({
  name: `${client.name}: messages with a time of their own come at that time`,
  features: ['timed'],
  sides: [sideOf(client)],
  run: (cluster) => deliverAtTheirTime(cluster, client),
})

const timedFar = (client: ClientProgram): Scenario => ({
  name: `${client.name}: messages wait for weeks when the broker is configured so`,
  features: ['timedFar'],
  sides: [sideOf(client)],
  short: [],
  run: (cluster) => waitForWeeks(cluster, client),
})

const CLIENT_OF: Readonly<Record<Side, string>> = { ours: ourClient.name, official: java5.name }

/** What of the official clients only Java 5.4 can do, or is long enough with one of them. */
const ofEachSide = (side: Side): Scenario[] => {
  const name = CLIENT_OF[side]
  const short = CROSSED
  const sides = [side]
  return [
    {
      name: `${name}: of two delayed messages the one recalled does not come`,
      features: ['recall'],
      ...{ sides, short },
      run: (cluster) => recall(cluster, side),
    },
    {
      name: `${name}: messages are found by offset id, id and key`,
      features: ['query'],
      ...{ sides, short },
      run: (cluster) => query(cluster, side),
    },
    {
      name: `${name}: messages with priorities are popped from the highest on`,
      features: ['priority'],
      ...{ sides, short },
      run: (cluster) => byPriority(cluster, side),
    },
    {
      name: `${name}: a group with the cloned offsets of another goes on where that one was`,
      features: ['cloneOffsets'],
      ...{ sides, short },
      run: (cluster) => cloneOffsets(cluster, side),
    },
    {
      name: `${name}: bodies compressed each way are read by others`,
      features: ['compression'],
      ...{ sides, short },
      run: (cluster) => compressed(cluster, side),
    },
    {
      name: `${name}: a lite pull consumer assigns, seeks, commits, and subscribes with an expression`,
      features: ['litePull'],
      ...{ sides, short },
      run: (cluster) => litePull(cluster, side),
    },
    {
      name: `${name}: what is wrong is refused with the same code`,
      features: ['refusals'],
      ...{ sides, short },
      run: (cluster) => refuseTheSame(cluster, side),
    },
    {
      name: `${name}: a consumer begins at the first message, at a time or behind the last`,
      features: ['consumeFrom'],
      ...{ sides, short: [] },
      run: (cluster) => beginWhere(cluster, side),
    },
    {
      name: `${name}: members take the queues that are near`,
      features: ['zones'],
      // Servers of their own take their time to start.
      ...{ sides, short: [] },
      run: (cluster) => nearAndFar(cluster, side),
    },
    {
      name: `${name}: popped messages come again unless they are acknowledged`,
      features: ['pop'],
      ...{ sides, short },
      run: (cluster) => popAndAcknowledge(cluster, side),
    },
  ]
}

const EXCHANGES: readonly Scenario[] = [
  {
    name: 'what Java 4.9, Java 5.4 and Go clients send reaches all three unchanged',
    features: ['send', 'batch', 'oneway'],
    sides: ['official'],
    run(cluster) {
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
      return sendAndReceive(cluster, 'assorted', senders, [java4, java5, goClient], COUNT)
    },
  },
  {
    name: 'what our client and Java 5.4 send reaches our client, Java 5.4 and Go unchanged',
    features: ['send', 'batch', 'oneway'],
    sides: ['ours'],
    run(cluster) {
      const modes = ['sync', 'async', 'batch', 'oneway'] as const
      const senders = [
        ...modes.map((mode) => ({ client: ourClient, mode })),
        { client: java5, mode: 'sync' as const },
      ]
      return sendAndReceive(cluster, 'assorted-ours', senders, [ourClient, java5, goClient], COUNT)
    },
  },
]

const QUESTIONS = [
  [javaAsking('4.9.8'), javaAsking('5.4.0')],
  [javaAsking('5.4.0'), javaAsking('4.9.8')],
  [oursAsking, javaAsking('5.4.0')],
  [javaAsking('5.4.0'), oursAsking],
] as const

/** All of them; first what takes longest: Go asks for the route of its retry topic only every 30 s. */
export const SCENARIOS: readonly Scenario[] = [
  retries(goClient),
  {
    name: 'transactions of one group on all clients: visible if and only if committed',
    features: ['transactions'],
    sides: ['ours', 'official'],
    run: (cluster) => transactions(cluster, CLIENTS),
  },
  timed(java5),
  timed(ourClient),
  timedFar(java5),
  timedFar(ourClient),
  ...EXCHANGES,
  {
    name: 'the programs of seeds 000, 001, 002 and 004 do what they say',
    features: [],
    sides: ['official'],
    run: (cluster) => seedPrograms(cluster, ['4.9.8', '5.4.0']),
  },
  {
    name: 'seed 003: a Spring Boot listener on order-topic receives an order',
    features: [],
    sides: ['official'],
    run: springListener,
  },
  {
    name: `${java5.name}: a push consumer whose group's request mode is POP gets all, and what failed again`,
    features: ['popPush'],
    sides: ['official'],
    short: CROSSED,
    run: pushByPop,
  },
  ...(['official', 'ours'] as const).flatMap(ofEachSide),
  ...CLIENTS.flatMap(ofEach),
  {
    name: 'a Java 5.4 member and one of ours share the queues of a topic',
    features: ['rebalance'],
    sides: ['ours', 'official'],
    run: (cluster) => shareQueues(cluster, [java5, ourClient], COUNT),
  },
  ...(['4.9.8', '5.4.0'] as const).map(
    (version): Scenario => ({
      name: `offsets, searches and pulls fit together for Java ${version.slice(0, 3)}`,
      features: ['offsets'],
      sides: ['official'],
      run: (cluster) => readByOffset(cluster, version, COUNT),
    }),
  ),
  {
    name: 'offsets, searches and pulls fit together for our client',
    features: ['offsets'],
    sides: ['ours'],
    short: CROSSED,
    run: (cluster) => readByOffsetWithOurs(cluster, COUNT),
  },
  ...QUESTIONS.map(
    ([asking, answering]): Scenario => ({
      name: `${asking.name} asks, ${answering.name} answers`,
      features: ['requestReply'],
      sides: [...new Set([asking.side, answering.side])],
      run: (cluster) => requestReply(cluster, asking, answering),
    }),
  ),
  {
    name: 'hooks of our client see sends, calls and retries',
    features: ['hooks'],
    sides: ['ours'],
    short: CROSSED,
    run: hooked,
  },
  {
    name: 'mqadmin finds the traces of our producer and consumer',
    features: ['trace'],
    sides: ['ours'],
    run: traced,
  },
  {
    name: 'mqadmin finds the traces of a Java 5.4 producer and consumer',
    features: ['trace'],
    sides: ['official'],
    short: CROSSED,
    run: tracedByJava,
  },
  {
    name: 'mqadmin shows cluster, route, status and progress',
    features: [],
    sides: ['official'],
    run: administer,
  },
]
