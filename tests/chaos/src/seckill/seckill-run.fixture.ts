import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { anyPortBase, brokerPlan, HOST, Ports } from '@rockhopper/demo'
import { Supervised } from '../supervised.fixture.js'

const APIS = ['api-1', 'api-2', 'api-3'] as const
type Api = (typeof APIS)[number]
export type Name = Api | 'worker-1' | 'worker-2' | 'notifier' | 'broker'

export interface SeckillPlan {
  /** How many instances of the API; all three when it does not say. */
  readonly apis?: number
  /** Address of PostgreSQL, for two workers; without it a file, and one worker. */
  readonly database?: string | undefined
  /** Of both workers. */
  readonly worker?: Readonly<Record<string, string>>
  readonly notifier?: Readonly<Record<string, string>>
  /** Fault points of each process, one for each of its lives. */
  readonly faults?: Partial<Record<Name, readonly string[]>>
}

/** Instances of API and worker, notifier and broker as processes, and the provider of pushes. */
export class SeckillRun {
  readonly processes: Supervised<Name>
  /** Idempotency key to how often it came. */
  readonly pushes = new Map<string, number>()
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'rockhopper-chaos-'))
  readonly #ports = new Map<Name, number>()
  readonly apis: readonly Api[]
  readonly workers: readonly Name[]
  readonly #plan: SeckillPlan
  #nameserver = ''
  #provider: Server | undefined

  constructor(plan: SeckillPlan = {}) {
    this.#plan = plan
    this.apis = APIS.slice(0, plan.apis ?? APIS.length)
    // A file has one writer.
    this.workers = plan.database === undefined ? ['worker-1'] : ['worker-1', 'worker-2']
    this.processes = new Supervised(plan.faults)
  }

  get nameserverAddress(): string {
    return this.#nameserver
  }

  url(name: Name): string {
    return `http://${HOST}:${this.#ports.get(name)}`
  }

  async start(): Promise<void> {
    const provider = await this.#startProvider()
    const ports = new Ports(HOST)
    const base = anyPortBase()
    const addresses = {
      nameserver: await ports.take(base),
      broker: await ports.take(base + 2),
      smtp: 0,
      sms: 0,
    }
    this.#nameserver = `${HOST}:${addresses.nameserver}`
    const options = { scenarios: [], portBase: base + 10, dataDir: this.#dataDir, reset: false }
    this.processes.plan('broker', brokerPlan(options, addresses))
    for (const name of this.#services) {
      const port = await ports.take(base + 11)
      this.#ports.set(name, port)
      const service = name.replace(/-\d$/, '')
      this.processes.plan(name, {
        name,
        script: join(packageFolder(`@rockhopper/seckill-${service}`), 'dist', 'main.js'),
        args: [],
        env: { ...this.#environment(name, provider), HOST, PORT: String(port) },
        ready: new RegExp(`^ready service=${service} `),
      })
    }
    await this.processes.start('broker')
    await Promise.all(this.#services.map((name) => this.processes.start(name)))
  }

  async stop(): Promise<void> {
    await this.processes.stop(this.#services, ['broker'])
    this.#provider?.closeAllConnections()
    await new Promise((resolve) => this.#provider?.close(resolve) ?? resolve(undefined))
    rmSync(this.#dataDir, { recursive: true, force: true })
  }

  get #services(): readonly Name[] {
    return [...this.apis, ...this.workers, 'notifier']
  }

  #environment(name: Name, provider: string): Record<string, string> {
    const { database, worker, notifier } = this.#plan
    return {
      ROCKETMQ_NAMESRV_ADDR: this.#nameserver,
      ROCKHOPPER_TOPICS: 'create',
      ROCKHOPPER_DATA_DIR: join(this.#dataDir, 'seckill'),
      SECKILL_INSTANCE: name,
      PUSH_URL: provider,
      ...(database === undefined ? {} : { DATABASE_URL: database }),
      ...(name.startsWith('worker') ? worker : {}),
      ...(name === 'notifier' ? notifier : {}),
    }
  }

  /** Counts what it takes by Idempotency-Key; a repeat reaches nobody a second time. */
  #startProvider(): Promise<string> {
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        const key = String(request.headers['idempotency-key'])
        this.pushes.set(key, (this.pushes.get(key) ?? 0) + 1)
        response.end()
      })
    })
    this.#provider = server
    return new Promise((resolve) => {
      server.listen(0, HOST, () => resolve(`http://${HOST}:${(server.address() as { port: number }).port}`))
    })
  }
}

function packageFolder(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
}
