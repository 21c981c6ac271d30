import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Addresses,
  anyPortBase,
  brokerPlan,
  type ChildPlan,
  HOST,
  Inboxes,
  Ports,
  type Received,
  type Running,
  shopPlans,
  startSmsInbox,
  startSmtpInbox,
} from '@rockhopper/demo'
import { Supervised } from '../supervised.fixture.js'
import { type Row, ShopTables } from './shop-tables.fixture.js'

export const SHOP = ['order', 'inventory', 'payment', 'notification'] as const
export type ShopService = (typeof SHOP)[number]
/** `order-2` is a second instance of `order`, on the same database. */
export type Second = `${ShopService}-2`
type Name = ShopService | Second | 'broker'

/** More than any run has customers. */
const INBOX_MAX = 100_000

/** Orders whose service died are asked about soon, and not given up while it is down. */
const BROKER_SETTINGS = [
  ...['transactionCheckInterval=500', 'transactionTimeOut=1000'],
  'transactionCheckMax=10000',
]

/** The broker and the services of the shop as processes, started the way the demo starts them. */
export class ShopRun {
  readonly processes: Supervised<Name>
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'rockhopper-chaos-'))
  readonly #inboxes = new Inboxes(() => undefined, INBOX_MAX)
  readonly #ports = new Map<Name, number>()
  readonly #seconds: readonly ShopService[]
  readonly #inboxServers: Running[] = []
  readonly #extra: Partial<Record<Name, Readonly<Record<string, string>>>>
  readonly #tables: ShopTables
  readonly #shared: Readonly<Record<string, string>>
  #namesrvAddr = ''

  /**
   * @param extra more environment for some of the processes.
   * @param faults fault points of each service, one for each of its lives; after the last one it lives on.
   * @param seconds services that run as two instances.
   * @param database address of PostgreSQL; without it each service has a file.
   */
  constructor(
    extra: Partial<Record<Name, Readonly<Record<string, string>>>> = {},
    faults: Partial<Record<ShopService, readonly string[]>> = {},
    seconds: readonly ShopService[] = [],
    database?: string,
  ) {
    this.#seconds = seconds
    this.#extra = extra
    this.#shared = database === undefined ? {} : { DATABASE_URL: database }
    this.#tables = new ShopTables(join(this.#dataDir, 'shop'), database)
    this.processes = new Supervised(faults)
  }

  get namesrvAddr(): string {
    return this.#namesrvAddr
  }

  get received(): readonly Received[] {
    return this.#inboxes.list()
  }

  /** What a service has in its tables. SQL that both databases understand. */
  rows(service: ShopService, sql: string): Promise<Row[]> {
    return this.#tables.rows(service, sql)
  }

  url(service: ShopService | Second): string {
    return `http://${HOST}:${this.#ports.get(service)}`
  }

  /** Of the instances of a service, each in its turn. */
  urlInTurn(service: ShopService, turn: number): string {
    return this.url(this.#seconds.includes(service) && turn % 2 === 1 ? `${service}-2` : service)
  }

  async start(): Promise<void> {
    const ports = new Ports(HOST)
    const base = anyPortBase()
    const smtp = await startSmtpInbox(this.#inboxes, HOST, 0)
    const sms = await startSmsInbox(this.#inboxes, HOST, 0)
    this.#inboxServers.push(smtp, sms)
    const addresses: Addresses = {
      nameserver: await ports.take(base),
      broker: await ports.take(base + 2),
      smtp: smtp.port,
      sms: sms.port,
    }
    this.#namesrvAddr = `${HOST}:${addresses.nameserver}`
    const options = { scenarios: [], portBase: base + 10, dataDir: this.#dataDir, reset: false }
    const broker = brokerPlan(options, addresses)
    this.processes.plan('broker', {
      ...broker,
      args: [...broker.args, ...BROKER_SETTINGS],
      env: { ...broker.env, ...this.#extra.broker },
    })
    for (const { plan, port } of await shopPlans(options, addresses, ports)) {
      const name = SHOP.find((known) => known === plan.name)
      if (name === undefined) continue
      this.#ports.set(name, port)
      const own = { ...plan, env: { ...plan.env, ...this.#shared, ...this.#extra[name] } }
      this.processes.plan(name, own)
      if (this.#seconds.includes(name)) this.#planSecond(name, own, await ports.take(port + 20))
    }
    await this.processes.start('broker')
    await Promise.all(SHOP.map((name) => this.processes.start(name)))
    // Behind the first ones, which make the tables.
    await Promise.all(this.#seconds.map((name) => this.processes.start(`${name}-2`)))
  }

  #planSecond(name: ShopService, plan: ChildPlan, port: number): void {
    this.#ports.set(`${name}-2`, port)
    const env = { ...plan.env, PORT: String(port), SHOP_INSTANCE: `${name}-2` }
    this.processes.plan(`${name}-2`, { ...plan, env })
  }

  async stop(): Promise<void> {
    const seconds = this.#seconds.map((name): Second => `${name}-2`)
    await this.processes.stop([...SHOP, ...seconds], ['broker'])
    await this.#tables.close()
    await Promise.all(this.#inboxServers.map((server) => server.close()))
    rmSync(this.#dataDir, { recursive: true, force: true })
  }
}
