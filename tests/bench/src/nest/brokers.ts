import { connect } from '@nats-io/transport-node'
import { Admin, Producer } from '@rockhopper/client'
import { connect as connectAmqp } from 'amqplib'
import { Redis } from 'ioredis'
import { Kafka, logLevel } from 'kafkajs'
import { rockhopper } from '../contenders.js'
import { rabbitmq, redis } from '../peers/peers.js'
import { startKafka } from './kafka-server.js'
import { startNats } from './nats-server.js'

export const TOPIC = 'bench_orders'
const QUEUES = 4
const BATCH = 500
/** Of brokers without a memory: what comes before the subscription is there is lost. */
const SURPLUS = 10

/** A broker with `count` orders for the consumers. */
export interface FilledBroker {
  readonly address: string
  /** For brokers that keep nothing, or nothing taken once: sends orders to who listens, until it is done. */
  feed?(isDone: () => boolean): Promise<void>
  stop(): Promise<void>
}

export interface BrokerKind {
  readonly name: 'rockhopper' | 'kafka' | 'nats' | 'rabbitmq' | 'redis'
  /** Resolves with why it cannot run here, instead of a broker. */
  start(count: number): Promise<FilledBroker | string>
}

export const BROKERS: readonly BrokerKind[] = [
  { name: 'rockhopper', start: filledRockhopper },
  { name: 'kafka', start: filledKafka },
  { name: 'nats', start: filledNats },
  { name: 'rabbitmq', start: filledRabbitMQ },
  { name: 'redis', start: filledRedis },
]

/** About 100 bytes of JSON. */
const order = (n: number) => ({
  id: `o-${n}`,
  customer: `c-${n % 1_000}`,
  total: n % 97,
  currency: 'EUR',
  lines: [n, n + 1],
})

async function inBatches<T>(
  count: number,
  make: (n: number) => T,
  send: (batch: T[]) => Promise<unknown>,
  isDone: () => boolean = () => false,
): Promise<void> {
  for (let from = 0; from < count && !isDone(); from += BATCH) {
    const length = Math.min(BATCH, count - from)
    await send(Array.from({ length }, (_, index) => make(from + index)))
  }
}

async function filledRockhopper(count: number): Promise<FilledBroker> {
  const { nameserver, stop } = await rockhopper.start()
  const admin = new Admin({ namesrvAddr: nameserver })
  await admin.start()
  await admin.createTopic(TOPIC, { queues: QUEUES })
  await admin.shutdown()
  const producer = new Producer({ namesrvAddr: nameserver, producerGroup: 'bench' })
  await producer.start()
  const message = (n: number) => ({ topic: TOPIC, body: JSON.stringify(order(n)) })
  await inBatches(count, message, (batch) => producer.send(batch))
  await producer.shutdown()
  return { address: nameserver, stop }
}

async function filledKafka(count: number): Promise<FilledBroker | string> {
  const server = await startKafka(QUEUES)
  if (typeof server === 'string') return server
  const kafka = new Kafka({ brokers: [server.address], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: QUEUES }] })
  await admin.disconnect()
  const producer = kafka.producer()
  await producer.connect()
  const message = (n: number) => ({ value: JSON.stringify(order(n)) })
  await inBatches(count, message, (messages) => producer.send({ topic: TOPIC, messages }))
  await producer.disconnect()
  return server
}

async function filledNats(count: number): Promise<FilledBroker | string> {
  const server = await startNats()
  if (typeof server === 'string') return server
  const feed = async (isDone: () => boolean): Promise<void> => {
    const connection = await connect({ servers: server.address })
    const message = (n: number) => JSON.stringify({ pattern: TOPIC, data: order(n) })
    const send = async (batch: string[]) => {
      for (const one of batch) connection.publish(TOPIC, one)
      await connection.flush()
    }
    await inBatches(count * SURPLUS, message, send, isDone)
    await connection.close()
  }
  return { ...server, feed }
}

/** Nest's messages are `{ pattern, data }` there, too. Its consumers take them without acknowledging. */
async function filledRabbitMQ(count: number): Promise<FilledBroker | string> {
  const missing = rabbitmq.missing()
  if (missing !== undefined) return missing
  const { port, stop } = await rabbitmq.start()
  const address = `amqp://guest:guest@127.0.0.1:${port}`
  const feed = async (isDone: () => boolean): Promise<void> => {
    const connection = await connectAmqp(address)
    const channel = await connection.createConfirmChannel()
    const message = (n: number) => Buffer.from(JSON.stringify({ pattern: TOPIC, data: order(n) }))
    const send = async (batch: Buffer[]) => {
      for (const one of batch) channel.sendToQueue(TOPIC, one)
      await channel.waitForConfirms()
    }
    await inBatches(count, message, send, isDone)
    await connection.close()
  }
  return { address, feed, stop }
}

async function filledRedis(count: number): Promise<FilledBroker | string> {
  const server = redis('ASYNC_FLUSH', 'everysec')
  const missing = server.missing()
  if (missing !== undefined) return missing
  const { port, stop } = await server.start()
  const feed = async (isDone: () => boolean): Promise<void> => {
    const client = new Redis({ host: '127.0.0.1', port })
    const message = (n: number) => JSON.stringify({ pattern: TOPIC, data: order(n) })
    const send = (batch: string[]) => Promise.all(batch.map((one) => client.publish(TOPIC, one)))
    await inBatches(count * SURPLUS, message, send, isDone)
    await client.quit()
  }
  return { address: `127.0.0.1:${port}`, feed, stop }
}
