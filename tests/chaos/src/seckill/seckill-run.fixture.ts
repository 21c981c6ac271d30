import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { brokerPlan, HOST, Ports } from '@rockhopper/demo'
import { Supervised } from '../supervised.fixture.js'

export const APIS = ['api-1', 'api-2', 'api-3'] as const
export type Name = (typeof APIS)[number] | 'worker' | 'notifier' | 'broker'
const SERVICES: readonly Exclude<Name, 'broker'>[] = [...APIS, 'worker', 'notifier']

export type Environments = Partial<Record<Name, Readonly<Record<string, string>>>>

/** Three instances of the API, worker, notifier and broker as processes, and the provider of pushes. */
export class SeckillRun {
  readonly processes: Supervised<Name>
  /** Idempotency key to how often it came. */
  readonly pushes = new Map<string, number>()
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'rockhopper-chaos-'))
  readonly #ports = new Map<Name, number>()
  readonly #extra: Environments
  #provider: Server | undefined

  constructor(extra: Environments = {}, faults: Partial<Record<Name, readonly string[]>> = {}) {
    this.#extra = extra
    this.processes = new Supervised(faults)
  }

  url(name: Name): string {
    return `http://${HOST}:${this.#ports.get(name)}`
  }

  async start(): Promise<void> {
    const provider = await this.#startProvider()
    const ports = new Ports(HOST)
    const base = 20_000 + Math.floor(Math.random() * 20_000)
    const addresses = {
      nameserver: await ports.take(base),
      broker: await ports.take(base + 2),
      smtp: 0,
      sms: 0,
    }
    const options = { scenarios: [], portBase: base + 10, dataDir: this.#dataDir, reset: false }
    this.processes.plan('broker', brokerPlan(options, addresses))
    for (const [index, name] of SERVICES.entries()) {
      const port = await ports.take(base + 11 + index)
      this.#ports.set(name, port)
      const service = name.startsWith('api-') ? 'api' : name
      this.processes.plan(name, {
        name,
        script: join(packageFolder(`@rockhopper/seckill-${service}`), 'dist', 'main.js'),
        args: [],
        env: {
          HOST,
          PORT: String(port),
          ROCKETMQ_NAMESRV_ADDR: `${HOST}:${addresses.nameserver}`,
          ROCKHOPPER_TOPICS: 'create',
          ROCKHOPPER_DATA_DIR: join(this.#dataDir, 'seckill'),
          SECKILL_INSTANCE: name,
          PUSH_URL: provider,
          ...this.#extra[name],
        },
        ready: new RegExp(`^ready service=${service} `),
      })
    }
    await this.processes.start('broker')
    await Promise.all(SERVICES.map((name) => this.processes.start(name)))
  }

  async stop(): Promise<void> {
    await this.processes.stop(SERVICES, ['broker'])
    this.#provider?.closeAllConnections()
    await new Promise((resolve) => this.#provider?.close(resolve) ?? resolve(undefined))
    rmSync(this.#dataDir, { recursive: true, force: true })
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
