import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FlushMode } from '../cells.js'
import { startKafka } from '../nest/kafka-server.js'
import { makeKafkaTopic } from './kafka-wire.js'
import { makeNatsStream } from './nats-wire.js'
import { freePort, isInstalled, launch, type Peer, temporaryStore } from './peer.js'

/** Redis Streams with an append-only file: synced each second, or before each answer. */
export const redis = (durability: FlushMode, fsync: string): Peer => ({
  name: `Redis Streams (appendfsync ${fsync})`,
  durability,
  wire: 'redis',
  missing: () => (isInstalled('redis-server') ? undefined : 'redis-server: apt-get install redis-server'),
  async start() {
    const [port, store] = [await freePort(), temporaryStore('redis')]
    const listen = ['--port', String(port), '--bind', '127.0.0.1', '--dir', store]
    const log = ['--appendonly', 'yes', '--appendfsync', fsync, '--save', '']
    return launch({ program: 'redis-server', args: [...listen, ...log], port, store })
  },
})

/** NATS JetStream, file storage: synced every two minutes (its default), or before each answer. */
const nats = (durability: FlushMode, interval: string): Peer => ({
  name: `NATS JetStream (sync_interval ${interval})`,
  durability,
  wire: 'nats',
  missing: () =>
    isInstalled('nats-server')
      ? undefined
      : 'nats-server: go install github.com/nats-io/nats-server/v2@v2.15.2, and its directory on the PATH',
  async start() {
    const [port, store] = [await freePort(), temporaryStore('nats')]
    const config = join(store, 'nats.conf')
    const jetstream = `jetstream { store_dir: "${store}", sync_interval: ${interval} }`
    writeFileSync(config, `listen: "127.0.0.1:${port}"\n${jetstream}\n`)
    const started = await launch({ program: 'nats-server', args: ['-c', config], port, store })
    await makeNatsStream(port).catch(async (error: unknown) => {
      await started.stop()
      throw error
    })
    return started
  },
})

const RABBITMQ = '/usr/lib/rabbitmq/bin/rabbitmq-server'

/** A quorum queue of one member: its write-ahead log is synced before a confirm. */
export const rabbitmq: Peer = {
  name: 'RabbitMQ (quorum queue)',
  durability: 'SYNC_FLUSH',
  wire: 'amqp',
  missing: () =>
    existsSync(RABBITMQ) || isInstalled('rabbitmq-server')
      ? undefined
      : 'rabbitmq-server: apt-get install rabbitmq-server',
  async start() {
    const store = temporaryStore('rabbitmq')
    const [port, dist, epmd] = [await freePort(), await freePort(), await freePort()]
    const config = join(store, 'rabbitmq.conf')
    writeFileSync(config, `listeners.tcp.1 = 127.0.0.1:${port}\n`)
    const env = {
      HOME: store,
      RABBITMQ_CONFIG_FILE: config,
      RABBITMQ_MNESIA_BASE: join(store, 'mnesia'),
      RABBITMQ_LOG_BASE: join(store, 'log'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(store, 'plugins'),
      RABBITMQ_NODENAME: `bench-${port}@localhost`,
      RABBITMQ_DIST_PORT: String(dist),
      ERL_EPMD_PORT: String(epmd),
    }
    const program = existsSync(RABBITMQ) ? RABBITMQ : 'rabbitmq-server'
    // Erlang's port mapper outlives the node.
    const after = () => void spawnSync('epmd', ['-port', String(epmd), '-kill'])
    return launch({ program, args: [], env, port, store, after })
  },
}

/** Kafka's default: it never syncs by itself. One record a request, acks=1, one broker in KRaft mode. */
const kafka: Peer = {
  name: 'Kafka (acks=1)',
  durability: 'ASYNC_FLUSH',
  wire: 'kafka',
  missing: () =>
    isInstalled('java') && isInstalled('mvn')
      ? undefined
      : 'Kafka: java and mvn (it comes from Maven Central)',
  async start() {
    const started = await startKafka(1)
    if (typeof started === 'string') throw new Error(started)
    const port = Number(started.address.split(':').at(-1))
    await makeKafkaTopic(port).catch(async (error: unknown) => {
      await started.stop()
      throw error
    })
    return { port, stop: started.stop }
  },
}

export const PEERS: readonly Peer[] = [
  nats('ASYNC_FLUSH', '2m'),
  redis('ASYNC_FLUSH', 'everysec'),
  kafka,
  nats('SYNC_FLUSH', 'always'),
  redis('SYNC_FLUSH', 'always'),
  rabbitmq,
]
