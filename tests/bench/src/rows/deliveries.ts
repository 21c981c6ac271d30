import { Producer, PushConsumer, TransactionProducer } from '@rockhopper/client'
import { TOPIC } from '../cells.js'
import { Latencies } from '../load/latencies.js'
import { rebalance } from './rebalance.js'
import { type BrokerRow, loaded, type Subject } from './row.js'
import type { Sizes } from './sizes.js'

const PACE_MS = 5
const DELAY_MS = 2_000
const IN_FLIGHT = 64
const WAIT_MS = 60_000

/** Send to handler with our client, one message every 5 ms. */
async function endToEnd({ nameserver }: Subject, sizes: Sizes): Promise<Readonly<Record<string, number>>> {
  const latencies = new Latencies()
  const sentAt = new Map<string, number>()
  const consumer = new PushConsumer({
    namesrvAddr: nameserver,
    consumerGroup: 'bench-push',
    consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
  })
  consumer.subscribe(TOPIC, 'measured')
  await consumer.start(async (messages) => {
    for (const { keys } of messages) {
      const at = sentAt.get(keys[0] ?? '')
      if (at !== undefined) latencies.add((performance.now() - at) * 1_000)
    }
  })
  const producer = new Producer({ namesrvAddr: nameserver, producerGroup: 'bench-producer' })
  await producer.start()
  try {
    await consumer.ready()
    for (let i = 0; i < sizes.messages; i++) {
      const key = `k${i}`
      sentAt.set(key, performance.now())
      await producer.send({ topic: TOPIC, tag: 'measured', keys: [key], body: Buffer.alloc(1_024) })
      await new Promise((resolve) => setTimeout(resolve, PACE_MS))
    }
    await until(() => latencies.count >= sizes.messages * 0.99)
    const [p50Us = 0, p99Us = 0] = [0.5, 0.99].map((share) => latencies.percentile(share))
    return { delivered: latencies.count, p50Us, p99Us }
  } finally {
    await producer.shutdown()
    await consumer.shutdown()
  }
}

async function until(done: () => boolean): Promise<void> {
  for (const giveUp = performance.now() + WAIT_MS; !done(); ) {
    if (performance.now() > giveUp) throw new Error(`not done after ${WAIT_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Runs `send` so often, a number of them at a time; calls a second. */
async function throughput(count: number, send: (i: number) => Promise<unknown>): Promise<number> {
  const began = performance.now()
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await send(next++)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return (count / (performance.now() - began)) * 1_000
}

async function delayed({ nameserver }: Subject, { messages }: Sizes) {
  const late = new Latencies()
  const dueAt = new Map<string, number>()
  const consumer = new PushConsumer({ namesrvAddr: nameserver, consumerGroup: 'bench-delay' })
  consumer.subscribe(TOPIC, 'delayed')
  await consumer.start(async (list) => {
    for (const { keys } of list) late.add((Date.now() - (dueAt.get(keys[0] ?? '') ?? 0)) * 1_000)
  })
  const producer = new Producer({ namesrvAddr: nameserver, producerGroup: 'bench-producer' })
  await producer.start()
  try {
    await consumer.ready()
    const body = Buffer.alloc(1_024)
    const rate = await throughput(messages, (i) => {
      const deliverTimeMs = Date.now() + DELAY_MS
      dueAt.set(`k${i}`, deliverTimeMs)
      return producer.send({ topic: TOPIC, tag: 'delayed', keys: [`k${i}`], body, deliverTimeMs })
    })
    await until(() => late.count >= messages)
    return { rate, lateP50Us: late.percentile(0.5), lateP99Us: late.percentile(0.99) }
  } finally {
    await producer.shutdown()
    await consumer.shutdown()
  }
}

async function transactions({ nameserver }: Subject, { messages }: Sizes) {
  const producer = new TransactionProducer<undefined>({
    namesrvAddr: nameserver,
    producerGroup: 'bench-transactions',
    sendMsgTimeoutMs: 10_000,
    listener: {
      executeLocalTransaction: async () => 'COMMIT_MESSAGE',
      checkLocalTransaction: async () => 'COMMIT_MESSAGE',
    },
  })
  await producer.start()
  try {
    const body = Buffer.alloc(1_024)
    return {
      rate: await throughput(messages, () =>
        producer.sendMessageInTransaction({ topic: TOPIC, body }, undefined),
      ),
    }
  } finally {
    await producer.shutdown()
  }
}

async function clientSends({ nameserver }: Subject, { messages }: Sizes) {
  const producer = new Producer({ namesrvAddr: nameserver, producerGroup: 'bench-producer' })
  await producer.start()
  try {
    const body = Buffer.alloc(1_024)
    const send = () => producer.send({ topic: TOPIC, body })
    await throughput(messages, send)
    const cpu = process.cpuUsage()
    const rate = await throughput(messages * 4, send)
    const { user, system } = process.cpuUsage(cpu)
    return { rate, clientCpuUs: (user + system) / messages / 4 }
  } finally {
    await producer.shutdown()
  }
}

const ROWS: readonly Pick<BrokerRow, 'name' | 'measure'>[] = [
  { name: 'push consumer end to end, idle', measure: endToEnd },
  {
    name: 'push consumer end to end, loaded',
    async measure(subject, sizes) {
      // One request in flight: the machine is busy, the broker not at its limit.
      const measureMs = sizes.messages * (PACE_MS + 3)
      const shape = { connections: 1, inFlight: 1, topic: 'Other', warmUpMs: 0, measureMs }
      const [values] = await Promise.all([endToEnd(subject, sizes), loaded(subject, sizes, shape)])
      return values
    },
  },
  { name: 'delayed messages (our client, 64 at a time)', measure: delayed },
  { name: 'transactions (our client, 64 at a time)', measure: transactions },
  { name: 'sends (our client, 64 at a time)', measure: clientSends },
  { name: 'rebalance of 16 queues (our client)', measure: rebalance },
]

export const DELIVERY_ROWS: readonly BrokerRow[] = ROWS.map((row) => ({ ...row, together: 'deliveries' }))
