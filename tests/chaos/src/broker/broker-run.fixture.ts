import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Admin, Producer, PullConsumer } from '@rockhopper/client'
import { Child, HOST, Ports } from '@rockhopper/demo'
import { createNodeEnv } from '@rockhopper/env'
import { eventually } from '../eventually.fixture.js'

/** Of failures there are plenty here, and they are counted below. */
const silent = (): void => undefined
const QUIET = createNodeEnv({ log: { info: silent, warn: silent, error: silent } })

const TOPIC = 'kept'
const QUEUES = 4
const SENDERS = 16
const BODY_SIZE = 300
/** Acknowledgements between two kills: any number of these. */
const ACKS_MIN = 100
const ACKS_MAX = 900
const WAIT_MS = 20_000
const SEND_TIMEOUT_MS = 1_000

/** Where an acknowledged message must be found. */
interface Acked {
  readonly body: string
  readonly queueId: number
  readonly queueOffset: number
}

/** A broker process, a producer that never stops sending, and the list of what was acknowledged. */
export class BrokerRun {
  killed = 0
  /** Acknowledgements between two kills. */
  readonly ackedPerLife: number[] = []
  readonly #acked: Acked[] = []
  readonly #storeDir = mkdtempSync(join(tmpdir(), 'rockhopper-kept-'))
  readonly #words: readonly string[]
  readonly #env: Readonly<Record<string, string>>
  readonly #producer: Producer[] = []
  #child: Child | undefined
  #namesrvAddr = ''
  #sent = 0
  #sending = true
  #senders: Promise<unknown> = Promise.resolve()

  /** @param words keys and values of broker.conf. */
  constructor(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#words = words
    this.#env = env
  }

  async start(): Promise<void> {
    const ports = new Ports(HOST)
    const base = 40_000 + Math.floor(Math.random() * 15_000)
    const nameserver = await ports.take(base)
    const broker = await ports.take(base + 2)
    this.#namesrvAddr = `${HOST}:${nameserver}`
    const cli = dirname(createRequire(import.meta.url).resolve('@rockhopper/cli/package.json'))
    this.#child = new Child(
      {
        name: 'broker',
        script: join(cli, 'bin', 'rockhopper.js'),
        args: [
          ...[
            'server',
            '--host',
            HOST,
            '--nameserver-port',
            String(nameserver),
            '--broker-port',
            String(broker),
          ],
          ...['--store-dir', this.#storeDir, ...this.#words],
        ],
        env: this.#env,
        ready: /^rockhopper ready /,
      },
      { changed: () => undefined, message: () => undefined, line: () => undefined },
    )
    await this.#child.start()
    const admin = new Admin({ namesrvAddr: this.#namesrvAddr })
    await admin.start()
    await admin.createTopic(TOPIC, { queues: QUEUES })
    await admin.shutdown()
    const producer = new Producer({ env: QUIET, namesrvAddr: this.#namesrvAddr, producerGroup: 'load' })
    await producer.start()
    this.#producer.push(producer)
    this.#senders = Promise.all(Array.from({ length: SENDERS }, () => this.#sendOn(producer)))
  }

  /**
   * Waits for some acknowledgements, kills the broker in the middle of the next ones, and starts it again.
   */
  async loadAndKill(): Promise<void> {
    const before = this.#acked.length
    const wanted = before + ACKS_MIN + Math.floor(Math.random() * (ACKS_MAX - ACKS_MIN))
    await eventually(`${wanted - before} acknowledgements`, WAIT_MS, () => this.#acked.length >= wanted)
    this.#child?.kill()
    await eventually('the broker is gone', WAIT_MS, () => this.#child?.state.kind === 'stopped')
    if (this.#child?.state.kind === 'stopped' && this.#child.state.why === 'killed by SIGKILL') this.killed++
    this.ackedPerLife.push(this.#acked.length - before)
    await this.#child?.start()
  }

  /** Stops the load, reads every queue from its first to its last message, and names what is missing. */
  async lost(): Promise<string[]> {
    this.#sending = false
    await this.#senders
    const found = await this.#drain()
    return this.#acked
      .filter(({ body, queueId, queueOffset }) => found.get(`${queueId}/${queueOffset}`) !== body)
      .map(({ body, queueId, queueOffset }) => `${body.slice(0, 20)} at ${queueId}/${queueOffset}`)
  }

  async stop(): Promise<void> {
    this.#sending = false
    await this.#senders
    for (const producer of this.#producer) await producer.shutdown({ timeoutMs: 2_000 })
    await this.#child?.stop(5_000)
    rmSync(this.#storeDir, { recursive: true, force: true })
  }

  async #sendOn(producer: Producer): Promise<void> {
    while (this.#sending) {
      const body = `message ${this.#sent++} `.padEnd(BODY_SIZE, 'x')
      try {
        const result = await producer.send(
          { topic: TOPIC, body: Buffer.from(body) },
          { timeoutMs: SEND_TIMEOUT_MS },
        )
        const { queue, queueOffset, status } = result
        if (status === 'SEND_OK') this.#acked.push({ body, queueId: queue.queueId, queueOffset })
      } catch {
        // Not acknowledged: nothing is promised about it.
        await delay(20)
      }
    }
  }

  async #drain(): Promise<Map<string, string>> {
    const found = new Map<string, string>()
    const consumer = new PullConsumer({ namesrvAddr: this.#namesrvAddr, consumerGroup: 'auditor' })
    await consumer.start()
    try {
      for (const queue of await consumer.messageQueues(TOPIC)) {
        const end = await consumer.maxOffset(queue)
        let next = await consumer.minOffset(queue)
        while (next < end) {
          const { messages, nextQueueOffset } = await consumer.pull(queue, next, { countMax: 32 })
          for (const { queueOffset, body } of messages)
            found.set(`${queue.queueId}/${queueOffset}`, Buffer.from(body).toString())
          if (nextQueueOffset <= next) break
          next = nextQueueOffset
        }
      }
    } finally {
      await consumer.shutdown()
    }
    return found
  }
}
