import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Admin } from '@rockhopper/client'
import { OutboxEvent } from '@rockhopper/nestjs/typeorm'
import { EmbeddedRocketMQ } from '@rockhopper/testing'
import { DataSource, IsNull } from 'typeorm'
import { CHARGED, type OrderKind, TOPIC } from './orders.js'
import { type Piece, piecesFor } from './steps.fixture.js'
import { dataSourceOptions, Effect, Placed } from './tables.js'

const SERVICE = fileURLToPath(new URL('../../dist/crash/service.js', import.meta.url))
const LOADER = createRequire(import.meta.url).resolve('@rockhopper/chaos/dist/plant-loader.js')
const DEATH_TIMEOUT_MS = 60_000

/** What the load generator noted about its orders, before and after each. */
interface Asked {
  readonly kinds: ReadonlyMap<string, OrderKind>
  readonly committed: ReadonlySet<string>
}

/** A broker, a database, and a service that dies again and again at the steps it is told. */
export class CrashRun implements AsyncDisposable {
  /** How often the service died, by step. */
  readonly kills = new Map<string, number>()
  readonly #directory = mkdtempSync(join(tmpdir(), 'rockhopper-crash-'))
  readonly #journal = join(this.#directory, 'journal')
  readonly #database: string
  readonly #bug: readonly Piece[]
  readonly #mq: EmbeddedRocketMQ
  readonly #db: DataSource
  readonly #children: ChildProcess[] = []

  private constructor(mq: EmbeddedRocketMQ, database: string, db: DataSource, bug: readonly Piece[]) {
    this.#mq = mq
    this.#database = database
    this.#db = db
    this.#bug = bug
    writeFileSync(this.#journal, '')
  }

  /** @param bug is planted into every life of the service. */
  static async start(database: string, bug: readonly Piece[] = []): Promise<CrashRun> {
    const config = {
      transactionCheckInterval: 500,
      transactionTimeOut: 500,
      // A message is not to be given up while the service is down more than it is up.
      transactionCheckMax: 100_000,
      messageDelayLevel: '1s 1s 1s 1s 1s 1s 1s 1s',
    }
    const mq = await EmbeddedRocketMQ.start({ topics: [TOPIC], config })
    const db = await new DataSource({ ...dataSourceOptions(database), synchronize: true }).initialize()
    return new CrashRun(mq, database, db, bug)
  }

  /** One life of the service, which ends when it comes to this step for the `hit`-th time. */
  async diesAt(step: string, hit: number): Promise<void> {
    const child = this.#spawn(`${step}#${hit}`, [...this.#bug, ...piecesFor(step)])
    const timer = setTimeout(() => child.kill('SIGTERM'), DEATH_TIMEOUT_MS)
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    clearTimeout(timer)
    if (signal !== 'SIGKILL') throw new Error(`the service did not die at '${step}': ${code ?? signal}`)
    this.kills.set(step, (this.kills.get(step) ?? 0) + 1)
  }

  /** A life without new orders, until everything that was begun has ended, at most so long. */
  async settle(patienceMs: number): Promise<void> {
    const child = this.#spawn('', this.#bug)
    const deadline = performance.now() + patienceMs
    while (!(await this.#isSettled()) && performance.now() < deadline) await delay(250)
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }

  /** What is wrong, one line each: compared with the notes of the load generator. */
  async verdict(): Promise<string[]> {
    const { kinds, committed } = this.#asked()
    const { placed, effects } = await this.#rows()
    const said: string[] = []
    for (const key of committed) {
      if (!placed.has(key)) said.push(`${key} was committed and is not placed`)
    }
    // Whether an order was kept whose process died in its commit only the database knows.
    for (const key of placed) {
      const kind = kinds.get(key) ?? 'nobody asked for it'
      if (kind !== 'outbox' && kind !== 'transaction') said.push(`${key} is placed: ${kind}`)
      const count = effects.get(key) ?? 0
      if (count !== 1) said.push(`${kind} ${key} had ${count} effects`)
    }
    for (const key of effects.keys()) {
      if (!placed.has(key)) said.push(`${kinds.get(key)} ${key} had an effect and is not placed`)
    }
    return said
  }

  get committedCount(): number {
    return this.#asked().committed.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    await this.#db.destroy()
    await this.#mq.stop()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #spawn(dieAt: string, pieces: readonly Piece[]): ChildProcess {
    const life = String(this.#children.length)
    const child = spawn(
      process.execPath,
      [SERVICE, this.#mq.nameserverAddress, this.#database, this.#journal, life],
      {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: {
          ...process.env,
          NODE_OPTIONS: pieces.length === 0 ? '' : `--import=${LOADER}`,
          ROCKHOPPER_PLANT: JSON.stringify(pieces),
          ROCKHOPPER_DIE_AT: dieAt,
        },
      },
    )
    this.#children.push(child)
    return child
  }

  async #isSettled(): Promise<boolean> {
    const { placed, effects } = await this.#rows()
    if ([...placed].some((key) => !effects.has(key))) return false
    if ((await this.#db.manager.countBy(OutboxEvent, { sentAt: IsNull() })) > 0) return false
    return (await this.#lag()) === 0
  }

  /** Messages that the group has not acknowledged. */
  async #lag(): Promise<number> {
    const admin = new Admin({ namesrvAddr: this.#mq.nameserverAddress })
    await admin.start()
    try {
      const { offsetTable } = await admin.consumerProgress(CHARGED)
      if (offsetTable.length === 0) return Number.NaN
      return offsetTable.reduce((sum, [, row]) => sum + row.brokerOffset - row.consumerOffset, 0)
    } finally {
      await admin.shutdown()
    }
  }

  async #rows(): Promise<{ placed: ReadonlySet<string>; effects: ReadonlyMap<string, number> }> {
    const placed = await this.#db.manager.find(Placed)
    const effects = await this.#db.manager.find(Effect)
    return {
      placed: new Set(placed.map(({ key }) => key)),
      effects: new Map(effects.map(({ key, count }) => [key, count])),
    }
  }

  #asked(): Asked {
    const kinds = new Map<string, OrderKind>()
    const committed = new Set<string>()
    for (const line of readFileSync(this.#journal, 'utf8').split('\n')) {
      const [word = '', key = ''] = line.split(' ')
      if (word === 'committed') committed.add(key)
      else if (word !== '') kinds.set(key, word as OrderKind)
    }
    return { kinds, committed }
  }
}
