import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startApacheBroker, startApacheNameServer } from './apache.js'
import { type ClientProgram, goClient, javaClient, ourClient } from './clients.js'
import type { Broker, NameServer } from './cluster.js'
import { mqadmin } from './mqadmin.js'
import { assortedMessages } from './plan.js'
import { type Program, withPrograms } from './program.js'
import { differences, type ReceivedLine, type SentLine } from './received.js'
import { describeWithTools } from './requirements.js'
import { startRockhopperBroker, startRockhopperNameServer } from './rockhopper.js'
import { ScenarioQueue } from './scenarios/scenario-queue.js'
import { removeTempDirs } from './temp.js'
import { createTopic } from './topics.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const COUNT = LONG ? 5_000 : 100
const TIMEOUT_MS = LONG ? 900_000 : 300_000
/** Most of the time goes by while a Java process starts or a client waits for its next rebalance. */
const CONCURRENCY = 2
const CLIENTS = [javaClient('4.9.8'), javaClient('5.4.0'), goClient, ourClient]

describeWithTools('several brokers', () => {
  const scenarios = new ScenarioQueue(CONCURRENCY)
  const scenario = (name: string, run: (keep: Keep) => Promise<void>) => {
    const outcome = scenarios.add(() => withServers(run))
    test(name, () => outcome, TIMEOUT_MS)
  }
  beforeAll(() => scenarios.start())
  afterAll(removeTempDirs)

  scenario("Apache's and our broker registered at Apache's name server serve one topic together", (keep) =>
    togetherAt(startApacheNameServer, keep),
  )
  scenario("Apache's and our broker registered at our name server serve one topic together", (keep) =>
    togetherAt(startRockhopperNameServer, keep),
  )
  scenario('when one of our two brokers is killed, sends go on at the other', oneKilled)
})

type Keep = <T extends NameServer | Broker>(server: T) => T

/** Ends every server that was given to `keep`, last first, however `run` ends. */
async function withServers(run: (keep: Keep) => Promise<void>): Promise<void> {
  const stops: (() => Promise<void>)[] = []
  try {
    await run((server) => {
      stops.push('kill9' in server ? () => server.kill9() : () => server.stop())
      return server
    })
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

async function togetherAt(startNameServer: () => Promise<NameServer>, keep: Keep): Promise<void> {
  const nameserver = keep(await startNameServer()).address
  const [apache, ours] = await Promise.all([
    startApacheBroker({ nameserver, brokerName: 'broker-apache' }).then(keep),
    startRockhopperBroker({ nameserver, brokerName: 'broker-ours' }).then(keep),
  ])
  const listed = await mqadmin(nameserver, ['clusterList'])
  expect(listed).toMatch(new RegExp(`DefaultCluster +broker-apache +0 +${apache.address} `))
  expect(listed).toMatch(new RegExp(`DefaultCluster +broker-ours +0 +${ours.address} `))
  await exchange(nameserver, [apache, ours], 'together', CLIENTS)
}

async function oneKilled(keep: Keep): Promise<void> {
  const nameserver = keep(await startRockhopperNameServer()).address
  const [doomed, left] = await Promise.all([
    startRockhopperBroker({ nameserver, brokerName: 'broker-doomed' }).then(keep),
    startRockhopperBroker({ nameserver, brokerName: 'broker-left' }).then(keep),
  ])
  await exchange(nameserver, [doomed, left], 'both-alive', CLIENTS)
  await createEverywhere(nameserver, [doomed, left], 'one-killed')
  await withPrograms(async (programs) => {
    const receivers = await Promise.all(
      CLIENTS.map((client) => consume(client, nameserver, 'one-killed', CLIENTS.length * COUNT)),
    )
    programs.push(...receivers)
    await doomed.kill9()
    const plans = await sendAll(nameserver, 'one-killed', CLIENTS, programs)
    expect(brokersOf(plans.flatMap(({ sent }) => sent))).toEqual(['broker-left'])
    const messages = plans.flatMap((plan) => plan.messages)
    for (const receiver of receivers) {
      await receiver.succeeded()
      expect(differences(receiver.of('received') as ReceivedLine[], messages)).toEqual([])
    }
  })
}

/** Every client sends to the topic on all brokers, and every client receives all of it. */
async function exchange(
  nameserver: string,
  brokers: readonly Broker[],
  topic: string,
  clients: readonly ClientProgram[],
): Promise<void> {
  await createEverywhere(nameserver, brokers, topic)
  await withPrograms(async (programs) => {
    const receivers = await Promise.all(
      clients.map((client) => consume(client, nameserver, topic, clients.length * COUNT)),
    )
    programs.push(...receivers)
    const plans = await sendAll(nameserver, topic, clients, programs)
    for (const { sent } of plans)
      expect(brokersOf(sent)).toEqual(brokers.map(({ brokerName }) => brokerName).sort())
    const messages = plans.flatMap((plan) => plan.messages)
    for (const receiver of receivers) {
      await receiver.succeeded()
      expect(differences(receiver.of('received') as ReceivedLine[], messages)).toEqual([])
    }
  })
}

async function createEverywhere(
  nameserver: string,
  brokers: readonly Broker[],
  topic: string,
): Promise<void> {
  for (const broker of brokers) await createTopic({ nameserver, broker }, topic)
}

function consume(client: ClientProgram, nameserver: string, topic: string, count: number) {
  return client.consume({ nameserver, topic, group: `${topic}-${labelOf(client)}`, count })
}

async function sendAll(
  nameserver: string,
  topic: string,
  clients: readonly ClientProgram[],
  programs: Program[],
) {
  const plans = []
  for (const client of clients) {
    const label = labelOf(client)
    const messages = assortedMessages(topic, COUNT, label)
    const producer = await client.produce({ nameserver, group: `${topic}-${label}-producers`, messages })
    programs.push(producer)
    await producer.succeeded()
    plans.push({ messages, sent: producer.of('sent') as SentLine[] })
  }
  return plans
}

function brokersOf(sent: readonly SentLine[]): string[] {
  return [...new Set(sent.map(({ brokerName }) => brokerName))].sort()
}

function labelOf(client: ClientProgram): string {
  return client.name.replaceAll(/\W/g, '_')
}
