import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { type Admin, Producer, PushConsumer, type PushConsumerOptions } from '@rockhopper/client'
import { atEnd, QUIET, servedTopic } from './served-topic.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const QUEUES = 2
const COUNT = LONG ? 100_000 : 1_000
const THREADS = 4
/** A limit is looked at before a pull, which may bring so many messages more. */
const PULL = 32
const KIB = 1024
const MIB = 1024 * KIB
const TOPIC = 'slow'
const GROUP = 'slow-consumers'
const started = () => servedTopic(TOPIC, QUEUES)

async function send(namesrvAddr: string, count: number, bodySize: number): Promise<void> {
  const producer = new Producer({ namesrvAddr, producerGroup: 'fast', env: QUIET, sendMsgTimeoutMs: 20_000 })
  await producer.start()
  // Random enough not to be compressed.
  const body = Buffer.from(Array.from({ length: bodySize }, (_, at) => (at * at * 31 + at * 7) % 251))
  for (let sent = 0; sent < count; sent += 100) {
    const some = Math.min(100, count - sent)
    await Promise.all(Array.from({ length: some }, () => producer.send({ topic: TOPIC, body })))
  }
  await producer.shutdown()
}

/** Takes what it can get, and calls listeners that do not end before `let go`. */
class SlowConsumer {
  calls = 0
  readonly #consumer: PushConsumer
  #letGo = (): void => undefined
  readonly #go = new Promise<void>((resolve) => {
    this.#letGo = resolve
  })

  constructor(namesrvAddr: string, limits: Partial<PushConsumerOptions>) {
    this.#consumer = new PushConsumer({
      ...{ namesrvAddr, consumerGroup: GROUP, env: QUIET, consumeThreads: THREADS, pullBatchSize: PULL },
      ...{ consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET', rebalanceIntervalMs: 1_000, ...limits },
    })
    this.#consumer.subscribe(TOPIC)
    atEnd(() => this.end())
  }

  async start(): Promise<void> {
    await this.#consumer.start(async () => {
      this.calls++
      await this.#go
    })
  }

  letGo(): void {
    this.#letGo()
  }

  async end(): Promise<void> {
    this.#letGo()
    await this.#consumer.shutdown()
  }

  /** Messages that it holds of each queue once it holds no more than a second before. */
  async held(admin: Admin): Promise<number[]> {
    for (let before = ''; ; ) {
      const { mqTable } = await admin.consumerRunningInfo(GROUP, this.#consumer.clientId)
      const counts = mqTable.filter(([queue]) => queue.topic === TOPIC).map(([, info]) => info.cachedMsgCount)
      const now = counts.join()
      if (now === before && counts.some((count) => count > 0)) return counts
      before = now
      await delay(1_000)
    }
  }
}

describe('a consumer whose listener takes its time', () => {
  // R26
  test('holds a bounded count of messages of each queue, and gets all when it goes on', async () => {
    const { namesrvAddr, admin } = await started()
    await send(namesrvAddr, COUNT, 10)
    const consumer = new SlowConsumer(namesrvAddr, { pullThresholdForQueue: 100 })
    await consumer.start()
    const held = await consumer.held(admin)
    expect(held).toHaveLength(QUEUES)
    for (const count of held) {
      expect(count).toBeGreaterThanOrEqual(100)
      expect(count).toBeLessThanOrEqual(100 + PULL)
    }
    expect(consumer.calls).toBe(THREADS)
    consumer.letGo()
    while (consumer.calls < COUNT) await delay(50)
  }, 300_000)

  // R26
  test('holds a bounded size of messages of each queue', async () => {
    const { namesrvAddr, admin } = await started()
    const perMib = MIB / (64 * KIB)
    await send(namesrvAddr, LONG ? 4_000 : 8 * perMib, 64 * KIB)
    const consumer = new SlowConsumer(namesrvAddr, { pullThresholdSizeForQueueMiB: 1, pullBatchSize: 4 })
    await consumer.start()
    for (const count of await consumer.held(admin)) {
      expect(count).toBeGreaterThanOrEqual(perMib)
      expect(count).toBeLessThanOrEqual(perMib + 4)
    }
  }, 300_000)

  test('is found to hold everything when nothing bounds it', async () => {
    const { namesrvAddr, admin } = await started()
    await send(namesrvAddr, 600, 10)
    const limits = { pullThresholdForQueue: 65_535, consumeConcurrentlyMaxSpan: 65_535 }
    const consumer = new SlowConsumer(namesrvAddr, limits)
    await consumer.start()
    const held = await consumer.held(admin)
    expect(held.reduce((sum, count) => sum + count, 0)).toBe(600)
  }, 120_000)
})
