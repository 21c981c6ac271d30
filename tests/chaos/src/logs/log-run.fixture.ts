import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anyPortBase, brokerPlan, HOST, logPlans, Ports } from '@rockhopper/demo'
import { Supervised } from '../supervised.fixture.js'

const SERVICES = ['collector', 'storage-1', 'storage-2', 'analytics-1', 'analytics-2'] as const
export type Name = (typeof SERVICES)[number] | 'broker'
export type Environments = Partial<Record<Name, Readonly<Record<string, string>>>>

/** Windows of a second, and room for all that the load shuffles. */
const WINDOWS = {
  LOG_WINDOW_MS: '1000',
  LOG_SLIDING_MS: '3000',
  LOG_DISORDER_MS: '30000',
  LOG_LATENESS_MS: '10000',
  LOG_IDLE_MS: '500',
}

/**
 * The pipeline as processes: both storages write all queues, and do not know of each other; two analytics
 * share the queues on PostgreSQL, or one has all of them in a file.
 */
export class LogRun {
  readonly processes: Supervised<Name>
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'rockhopper-chaos-logs-'))
  readonly #ports = new Map<Name, number>()
  readonly #extra: Environments
  readonly #database: string | undefined
  readonly #services: readonly Name[]

  /**
   * @param extra more environment for some of the processes.
   * @param faults fault points of each, one for each of its lives.
   * @param database address of PostgreSQL.
   */
  constructor(
    extra: Environments = {},
    faults: Partial<Record<Name, readonly string[]>> = {},
    database?: string,
  ) {
    this.#extra = extra
    this.#database = database
    this.#services = SERVICES.filter((name) => name !== 'analytics-2' || database !== undefined)
    this.processes = new Supervised(faults)
  }

  /** The file that the collector follows. */
  get file(): string {
    return join(this.#dataDir, 'app.log')
  }

  get archive(): string {
    return join(this.#dataDir, 'logs', 'archive')
  }

  url(name: Name): string {
    return `http://${HOST}:${this.#ports.get(name)}`
  }

  async start(): Promise<void> {
    const ports = new Ports(HOST)
    const base = anyPortBase()
    const addresses = {
      nameserver: await ports.take(base),
      broker: await ports.take(base + 2),
      smtp: 0,
      sms: 0,
    }
    const options = { scenarios: [], portBase: base + 10, dataDir: this.#dataDir, reset: false }
    this.processes.plan('broker', brokerPlan(options, addresses))
    const plans = new Map((await logPlans(options, addresses, ports)).map(({ plan }) => [plan.name, plan]))
    for (const name of this.#services) {
      const plan = plans.get(name.replace(/-\d$/, ''))
      if (plan === undefined) throw new Error(`no plan for ${name}`)
      const port = await ports.take(base + 40)
      this.#ports.set(name, port)
      const own = { PORT: String(port), LOG_TAIL_FILES: this.file, LOG_TAIL_POLL_MS: '20' }
      const storing = { LOG_STORAGE_LINGER_MS: '100' }
      const shared = this.#database === undefined ? {} : { DATABASE_URL: this.#database }
      const env = { ...plan.env, ...WINDOWS, ...storing, ...own, ...shared, ...this.#extra[name] }
      this.processes.plan(name, { ...plan, env })
    }
    await this.processes.start('broker')
    await Promise.all(this.#services.map((name) => this.processes.start(name)))
  }

  async stop(): Promise<void> {
    await this.processes.stop(this.#services, ['broker'])
    rmSync(this.#dataDir, { recursive: true, force: true })
  }
}
