import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import type { Step } from '@rockhopper/shop-contracts'
import { BrokerConsole } from './broker-console.js'
import { Child, type ChildEvents, type ChildState } from './child.js'
import { Feed } from './feed.js'
import { Inboxes, type Running, startSmsInbox, startSmtpInbox } from './inboxes.js'
import { logPlans } from './log-plan.js'
import type { DemoOptions, Scenario } from './options.js'
import { startPage } from './page-server.js'
import { type Addresses, brokerPlan, HOST, type ServicePlanned, shopPlans } from './plan.js'
import { Ports } from './ports.js'
import { seckillPlans } from './seckill-plan.js'

/** Less than the ten seconds that a drain may take in all: killing the stragglers needs some, too. */
const SERVICE_DRAIN_MS = 6_000
const BROKER_DRAIN_MS = 3_000
const LOG_LINES_MAX = 200

export interface ServiceView {
  readonly name: string
  readonly state: ChildState
  readonly port: number
  /** Where it belongs; absent for the broker, which is everybody's. */
  readonly scenario?: Scenario
}

interface Part {
  readonly child: Child
  readonly port: number
  readonly scenario: Scenario | undefined
}

/** Everything that runs, and what the page may do with it. */
export class Demo {
  readonly feed = new Feed()
  readonly inboxes = new Inboxes((message) => this.feed.publish('received', message, true))
  /** Proof that a command comes from a page that this run served. */
  readonly token = randomBytes(16).toString('hex')
  readonly #options: DemoOptions
  readonly #children = new Map<string, Part>()
  readonly #running: Running[] = []
  readonly #lines = new Map<string, string[]>()
  readonly #say: (line: string) => void
  #stopping: Promise<void> | undefined
  #console: BrokerConsole | undefined
  pageUrl = ''

  constructor(options: DemoOptions, say: (line: string) => void) {
    this.#options = options
    this.#say = say
  }

  /** Starts inboxes, broker, services and page; rejects with the tail of the log of what failed. */
  async start(): Promise<void> {
    if (this.#options.reset) rmSync(this.#options.dataDir, { recursive: true, force: true })
    mkdirSync(this.#options.dataDir, { recursive: true })
    const ports = new Ports(HOST)
    const base = this.#options.portBase
    const page = await ports.take(base)
    // The order service keeps its well-known port when it can, so the others choose after it.
    const addresses: Addresses = {
      nameserver: await ports.take(base === 8010 ? 9876 : base + 10),
      broker: await ports.take(base === 8010 ? 10_911 : base + 12),
      smtp: await ports.take(base + 15),
      sms: await ports.take(base + 16),
    }
    this.#running.push(await startSmtpInbox(this.inboxes, HOST, addresses.smtp))
    this.#running.push(await startSmsInbox(this.inboxes, HOST, addresses.sms))
    await this.#add(brokerPlan(this.#options, addresses), addresses.broker).start()
    this.#say(`broker        ${HOST}:${addresses.broker}   name server ${HOST}:${addresses.nameserver}`)
    for (const scenario of this.scenarios) {
      const planned = await this.#plans(scenario, addresses, ports)
      await Promise.all(planned.map((one) => this.#startPlanned(scenario, one)))
    }
    this.#console = new BrokerConsole(`${HOST}:${addresses.nameserver}`)
    const server = await startPage(this, HOST, page)
    this.#running.push(server)
    this.pageUrl = `http://${HOST}:${server.port}/`
  }

  /** @throws before `start` resolved. */
  get console(): BrokerConsole {
    if (this.#console === undefined) throw new Error('the demo has not started')
    return this.#console
  }

  get scenarios(): readonly Scenario[] {
    return this.#options.scenarios
  }

  services(): ServiceView[] {
    return [...this.#children].map(([name, { child, port, scenario }]) => ({
      name,
      port,
      state: child.state,
      ...(scenario === undefined ? {} : { scenario }),
    }))
  }

  portOf(service: string): number | undefined {
    return this.#children.get(service)?.port
  }

  linesOf(service: string): readonly string[] {
    return this.#lines.get(service) ?? []
  }

  /** False when there is no such service. */
  kill(service: string): boolean {
    const found = this.#children.get(service)
    found?.child.kill()
    return found !== undefined
  }

  /** False when there is no such service. Rejects when it does not start. */
  async startService(service: string): Promise<boolean> {
    const found = this.#children.get(service)
    if (found === undefined || this.#stopping !== undefined) return false
    await found.child.start()
    return true
  }

  /** Services first, so that their last messages still find the broker. Takes at most ten seconds. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const all = [...this.#children.values()].map(({ child }) => child)
    const broker = all.filter((child) => child.plan.name === 'broker')
    const services = all.filter((child) => child.plan.name !== 'broker')
    await this.#console?.stop()
    this.#say('draining the services …')
    await Promise.all(services.map((child) => child.stop(SERVICE_DRAIN_MS)))
    this.#say('stopping the broker …')
    await Promise.all(broker.map((child) => child.stop(BROKER_DRAIN_MS)))
    this.feed.close()
    await Promise.all(this.#running.map((server) => server.close()))
  }

  #plans(scenario: Scenario, addresses: Addresses, ports: Ports): Promise<ServicePlanned[]> {
    switch (scenario) {
      case 'shop':
        return shopPlans(this.#options, addresses, ports)
      case 'logs':
        return logPlans(this.#options, addresses, ports)
      case 'seckill':
        return seckillPlans(this.#options, addresses, ports)
    }
  }

  async #startPlanned(scenario: Scenario, { plan, port }: ServicePlanned): Promise<void> {
    await this.#add(plan, port, scenario).start()
    // The generator of the log pipeline listens to nobody.
    if (port > 0) this.#say(`${plan.name.padEnd(13)} http://${HOST}:${port}`)
  }

  #add(plan: Child['plan'], port: number, scenario?: Scenario): Child {
    const child = new Child(plan, this.#events())
    this.#children.set(plan.name, { child, port, scenario })
    return child
  }

  #events(): ChildEvents {
    return {
      changed: (child) => {
        this.feed.publish('services', this.services(), false)
        const { state, plan } = child
        if (state.kind === 'stopped' && this.#stopping === undefined && state.why !== 'not started') {
          this.#say(`${plan.name} ${state.why}`)
          this.#publishState(plan.name, `${plan.name} ${state.why}`)
        }
        if (state.kind === 'running')
          this.#publishState(plan.name, `${plan.name} is running (pid ${state.pid})`)
      },
      message: (_child, message) => {
        const { kind, step } = message as { kind?: unknown; step?: Step }
        if (kind === 'step' && step !== undefined) this.feed.publish('step', step, true)
      },
      line: (child, line) => {
        const lines = this.#lines.get(child.plan.name) ?? []
        lines.push(line)
        if (lines.length > LOG_LINES_MAX) lines.shift()
        this.#lines.set(child.plan.name, lines)
      },
    }
  }

  #publishState(service: string, words: string): void {
    const step: Step = { at: Date.now(), service, what: 'state', words }
    this.feed.publish('step', step, true)
  }
}
