import { startApacheBroker, startApacheNameServer } from './apache.js'
import { runGo, runJava } from './clients.js'
import type { Broker } from './cluster.js'
import { FrameRelay } from './frame-relay.js'
import { writeGoldenFile } from './golden-file.js'
import { type Capture, goldenFilesOf } from './golden-selection.js'
import { mqadmin } from './mqadmin.js'
import { assortedMessages, type Planned } from './plan.js'
import { writePlan } from './plan-file.js'
import type { Program } from './program.js'
import { removeTempDirs } from './temp.js'
import { createTopic } from './topics.js'
import { splitAddress } from './wire.js'

// Records golden frames: Apache's clients and broker talk to Apache's name server and broker through relays.
// All of them are told to be at the default ports of 127.0.0.1, so that frames name no other address; the
// broker itself is bound to 127.0.0.2 (Linux has all of 127.0.0.0/8).

const COMMAND = 'node tests/interop/dist/record-golden.js'
const NAME_SERVER = '127.0.0.1:9876'
const BROKER_PORT = 10_911
const TOPIC = 'golden'

interface Wires {
  readonly nameserver: FrameRelay
  readonly broker: FrameRelay
}

type JavaOptions = Parameters<typeof runJava>[2]

async function record(): Promise<void> {
  const server = await startApacheNameServer()
  const [host, port] = splitAddress(server.address)
  const nameserver = await FrameRelay.start({ host: '127.0.0.1', port: 9876 }, { host, port })
  const broker = await FrameRelay.start(
    { host: '127.0.0.1', port: BROKER_PORT },
    { host: '127.0.0.2', port: BROKER_PORT },
  )
  const wires = { nameserver, broker }
  const apache = await startApacheBroker({
    nameserver: NAME_SERVER,
    port: BROKER_PORT,
    properties: { bindAddress: '127.0.0.2', brokerIP2: '127.0.0.1', transactionCheckInterval: 600_000 },
  })
  try {
    await clients(apache, wires)
    wires.nameserver.take()
    await apache.stop()
    keep('broker-5.4.0', 'broker', 'Apache 5.4.0 broker', { nameserver: nameserver.take() })
  } finally {
    await apache.kill9()
    await Promise.all([nameserver.stop(), broker.stop(), server.stop()])
    removeTempDirs()
  }
}

async function clients(apache: Broker, wires: Wires): Promise<void> {
  keep('broker-5.4.0', 'broker', 'Apache 5.4.0 broker', { nameserver: wires.nameserver.take() })
  await createTopic({ nameserver: NAME_SERVER, broker: apache }, TOPIC)
  taken(wires)
  await javaSession('5.4.0', 'JSON', wires)
  await javaSession('4.9.8', 'JSON', wires)
  await javaSession('5.4.0', 'ROCKETMQ', wires)
  await goSession(wires)
  await adminSession(wires)
}

/** Everything the Java client sends in the life of producers, consumers and a requester. */
async function javaSession(version: '4.9.8' | '5.4.0', serialization: 'JSON' | 'ROCKETMQ', wires: Wires) {
  const jvm = [`-Drocketmq.serialize.type=${serialization}`]
  const label = `java-${version}${serialization === 'JSON' ? '' : '-binary'}`
  const java = (mainClass: string, options: JavaOptions, more: readonly string[] = []) =>
    runJava(version, mainClass, { nameserver: NAME_SERVER, 'client-ip': '127.0.0.1', ...options }, [
      ...jvm,
      ...more,
    ])
  const messages = assortedMessages(TOPIC, 8, label.replaceAll(/\W/g, '_'))
  const produce = (mode: string, plan: readonly Planned[], more: readonly string[] = []) =>
    java('Produce', { group: 'golden-producers', plan: writePlan(plan), mode, instance: 'produce' }, more)
  await (await produce('sync', messages)).succeeded()
  await (await produce('batch', messages)).succeeded()
  await (await produce('transaction', messages.slice(0, 2))).succeeded()
  await (
    await produce('sync', messages.slice(0, 2), ['-Dorg.apache.rocketmq.client.sendSmartMsg=false'])
  ).succeeded()
  const group = `${label}-group`.replaceAll('.', '_')
  const consume = (instance: string, more: JavaOptions) =>
    java('Consume', { group, topic: TOPIC, instance, ...more })
  // The second member joins late, so that the first is told that the ids changed.
  const first = await consume('first', { 'fail-attempts': 1, 'fail-tag': 'TagB' })
  await first.until(({ event }) => event === 'ready')
  const second = await consume('second', {})
  await second.until(({ event }) => event === 'ready')
  await first.until(({ reconsumeTimes }) => Number(reconsumeTimes) > 0)
  await Promise.all([first.closed(), second.closed()])
  const orderly = await consume('orderly', { group: `${group}-orderly`, orderly: true, count: 8 })
  await orderly.succeeded()
  await (
    await java('Pull', { topic: TOPIC, offsets: true, 'view-first': true, group: `${group}-pull` })
  ).succeeded()
  await requestReply(java, group)
  keep(label, 'client', `rocketmq-client ${version}, Apache 5.4.0 servers`, taken(wires))
}

async function requestReply(
  java: (mainClass: string, options: JavaOptions) => Promise<Program>,
  group: string,
) {
  const replier = await java('Reply', {
    group: `${group}-repliers`,
    topic: `${TOPIC}-requests`,
    instance: 'reply',
  })
  await replier.until(({ event }) => event === 'ready')
  const options = { group: `${group}-requesters`, topic: `${TOPIC}-requests`, count: 1, instance: 'request' }
  await (await java('Request', options)).succeeded()
  await replier.closed()
}

async function goSession(wires: Wires): Promise<void> {
  const messages = assortedMessages(TOPIC, 4, 'go')
  await (
    await runGo('produce', { nameserver: NAME_SERVER, plan: writePlan(messages), mode: 'sync' })
  ).succeeded()
  await (
    await runGo('produce', { nameserver: NAME_SERVER, plan: writePlan(messages), mode: 'batch' })
  ).succeeded()
  const options = { nameserver: NAME_SERVER, topic: TOPIC, group: 'go-group', count: 4, 'fail-attempts': 1 }
  await (await runGo('consume', options)).succeeded()
  keep('go-2.1.1', 'client', 'rocketmq-client-go 2.1.1, Apache 5.4.0 servers', taken(wires))
}

async function adminSession(wires: Wires): Promise<void> {
  const topic = ['-t', 'golden-admin', '-b', `127.0.0.1:${BROKER_PORT}`]
  for (const args of [
    ['clusterList'],
    ['updateTopic', ...topic, '-r', '2', '-w', '2'],
    ['updateSubGroup', '-g', 'golden-admin-group', '-b', `127.0.0.1:${BROKER_PORT}`],
    ['topicRoute', '-t', TOPIC],
    ['topicStatus', '-t', TOPIC],
    ['topicList'],
    ['consumerProgress', '-g', 'go-group'],
  ]) {
    await mqadmin(NAME_SERVER, args)
  }
  keep('mqadmin-5.4.0', 'mqadmin', 'rocketmq-tools 5.4.0, Apache 5.4.0 servers', taken(wires))
}

function taken(wires: Wires) {
  return { nameserver: wires.nameserver.take(), broker: wires.broker.take() }
}

/**
 * Writes what is worth keeping; both relays feed one set of files, a command belongs to one of the servers.
 */
function keep(
  label: string,
  forth: string,
  parties: string,
  frames: Partial<Record<'nameserver' | 'broker', Capture['frames']>>,
): void {
  for (const [back, recorded] of Object.entries(frames)) {
    const server = back === 'nameserver' ? 'name server' : 'broker'
    // The broker is a client of the name server too, in files of its own.
    const talkers = back === 'nameserver' ? brokerConnectionsOf(recorded) : new Set<number>()
    const own = recorded.filter(({ connection }) => (forth === 'broker') === talkers.has(connection))
    for (const file of goldenFilesOf({ label, forth, back: server, parties, frames: own }, COMMAND))
      writeGoldenFile(file)
  }
}

const brokerConnections = new Set<number>()

/** The connections on which a broker registered, now or in an earlier recording. */
function brokerConnectionsOf(recorded: Capture['frames']): ReadonlySet<number> {
  for (const { connection, bytes } of recorded) {
    if (bytes.includes('"code":103,')) brokerConnections.add(connection)
  }
  return brokerConnections
}

await record()
