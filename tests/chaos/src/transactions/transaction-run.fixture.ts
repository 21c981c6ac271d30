import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Admin, PullConsumer, type TransactionProducer } from '@rockhopper/client'
import { Child, HOST, Ports } from '@rockhopper/demo'
import { createNodeEnv } from '@rockhopper/env'
import { type Bug, withPieces } from '../bugs.fixture.js'
import { eventually } from '../eventually.fixture.js'
import { application, type Plan, TOPIC } from './application.js'
import { Ledger } from './ledger.js'

const silent = (): void => undefined
const QUIET = createNodeEnv({ log: { info: silent, warn: silent, error: silent } })
const WAIT_MS = 20_000
const WORDS = [
  ...['transactionCheckInterval=500', 'transactionTimeOut=500', 'transactionOpBatchInterval=200'],
  // Nobody answers while all producers are dead, and what was asked for this often is discarded.
  'transactionCheckMax=10000',
]

/** A broker process that may be told to die at a step, and an application that sends all the time. */
export class TransactionRun {
  readonly #directory = mkdtempSync(join(tmpdir(), 'rockhopper-decided-'))
  readonly #ledger = new Ledger(this.#file)
  #ports: readonly string[] = []
  #namesrvAddr = ''
  #child: Child | undefined
  #producer: TransactionProducer<Plan> | undefined
  #sending = true
  #sender: Promise<void> = Promise.resolve()

  get #file(): string {
    return join(this.#directory, 'ledger.sqlite')
  }

  async start(): Promise<void> {
    const ports = new Ports(HOST)
    const base = 40_000 + Math.floor(Math.random() * 15_000)
    const nameserver = await ports.take(base)
    const broker = await ports.take(base + 2)
    this.#namesrvAddr = `${HOST}:${nameserver}`
    this.#ports = ['--nameserver-port', String(nameserver), '--broker-port', String(broker)]
    await this.#startBroker([])
    const admin = new Admin({ namesrvAddr: this.#namesrvAddr })
    await admin.start()
    await admin.createTopic(TOPIC, { queues: 2 })
    await admin.shutdown()
    this.#producer = application(this.#namesrvAddr, this.#ledger, {}, { env: QUIET })
    await this.#producer.start({ topics: [TOPIC] })
    this.#sender = this.#sendOn(this.#producer)
  }

  /** A life of the broker with these pieces in it, until it dies of them. */
  async brokerDies(pieces: readonly Bug[]): Promise<void> {
    await this.#brokerIsGone()
    await this.#startBroker(pieces)
    await eventually('the broker dies', WAIT_MS, () => this.#child?.state.kind === 'stopped')
    const state = this.#child?.state
    if (state?.kind !== 'stopped' || state.why !== 'killed by SIGKILL') {
      throw new Error(`the broker ended otherwise: ${JSON.stringify(state)}`)
    }
  }

  /** A life without a planned end. */
  async brokerLives(): Promise<void> {
    await this.#brokerIsGone()
    await this.#startBroker([])
  }

  async #brokerIsGone(): Promise<void> {
    this.#child?.kill()
    await eventually('the broker is gone', WAIT_MS, () => this.#child?.state.kind === 'stopped')
  }

  /** A process of the application that dies at a step. */
  async producerDies(step: string): Promise<void> {
    const script = fileURLToPath(new URL('../../dist/transactions/dying-producer.js', import.meta.url))
    const child = spawn(process.execPath, [script, this.#namesrvAddr, this.#file, step], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: 'ignore',
    })
    const [, signal] = await once(child, 'exit')
    if (signal !== 'SIGKILL') throw new Error(`the producer did not die ${step}`)
  }

  /** Ends the load, waits until every transaction is settled, at most so long, and compares. */
  async verdict(patienceMs: number): Promise<{ committed: number; missing: string[]; forbidden: string[] }> {
    this.#sending = false
    await this.#sender
    let visible = await this.#visible()
    const committed = () => this.#ledger.of('COMMITTED')
    const missing = () => [...committed()].filter((id) => !visible.has(id))
    // What a dead producer left is asked about after 0.5 s, every 0.5 s; a few quiet rounds are enough.
    const deadline = performance.now() + patienceMs
    for (let quiet = 0; quiet < 3 && performance.now() < deadline; ) {
      await delay(600)
      const before = visible.size
      visible = await this.#visible()
      quiet = missing().length === 0 && visible.size === before ? quiet + 1 : 0
    }
    const allowed = committed()
    return {
      committed: allowed.size,
      missing: missing(),
      forbidden: [...visible].filter((id) => !allowed.has(id)),
    }
  }

  async stop(): Promise<void> {
    this.#sending = false
    await this.#sender
    await this.#producer?.shutdown({ timeoutMs: 1_000 })
    await this.#child?.stop(5_000)
    this.#ledger.close()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #startBroker(pieces: readonly Bug[]): Promise<void> {
    const cli = dirname(createRequire(import.meta.url).resolve('@rockhopper/cli/package.json'))
    this.#child = new Child(
      {
        name: 'broker',
        script: join(cli, 'bin', 'rockhopper.js'),
        args: [
          ...['server', '--host', HOST, ...this.#ports],
          ...['--store-dir', join(this.#directory, 'store'), ...WORDS],
        ],
        env: pieces.length === 0 ? { NODE_OPTIONS: '' } : withPieces(pieces),
        ready: /^rockhopper ready /,
      },
      { changed: () => undefined, message: () => undefined, line: () => undefined },
    )
    await this.#child.start()
  }

  /** One in three rolls back, and one in three says so only when it is asked. */
  async #sendOn(producer: TransactionProducer<Plan>): Promise<void> {
    for (let i = 0; this.#sending; i++) {
      const decision = i % 3 === 1 ? 'ROLLED_BACK' : i % 3 === 2 ? 'LATER' : 'COMMITTED'
      const message = { topic: TOPIC, body: String(i) }
      // A refused half message executed nothing: nothing is promised about it.
      await producer.sendMessageInTransaction(message, decision).then(undefined, () => delay(50))
      await delay(10)
    }
  }

  /** Transaction ids of what consumers see. */
  async #visible(): Promise<Set<string>> {
    const found = new Set<string>()
    const consumer = new PullConsumer({ namesrvAddr: this.#namesrvAddr, consumerGroup: 'auditor' })
    await consumer.start()
    try {
      for (const queue of await consumer.messageQueues(TOPIC)) {
        const end = await consumer.maxOffset(queue)
        for (let next = await consumer.minOffset(queue); next < end; ) {
          const { messages, nextQueueOffset } = await consumer.pull(queue, next, { countMax: 32 })
          for (const { messageId } of messages) found.add(messageId)
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
