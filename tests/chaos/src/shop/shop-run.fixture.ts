import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Addresses,
  brokerPlan,
  Child,
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
import { eventually } from '../eventually.fixture.js'

export const SHOP = ['order', 'inventory', 'payment', 'notification'] as const
export type ShopService = (typeof SHOP)[number]
type Name = ShopService | 'broker'

const STOP_MS = 8_000
const LOG_LINES_MAX = 60

interface Planned {
  readonly plan: ChildPlan
  readonly port: number
}

/** The broker and the services of the shop as processes, started the way the demo starts them. */
export class ShopRun {
  /** Fault points that fired, in order; the broker's kills are here, too. */
  readonly kills: string[] = []
  readonly dataDir = mkdtempSync(join(tmpdir(), 'rockhopper-chaos-'))
  readonly #inboxes = new Inboxes(() => undefined)
  readonly #planned = new Map<Name, Planned>()
  readonly #children = new Map<Name, Child>()
  readonly #lines = new Map<Name, string[]>()
  readonly #inboxServers: Running[] = []
  readonly #extra: Partial<Record<Name, Readonly<Record<string, string>>>>
  readonly #faults = new Map<ShopService, string[]>()
  readonly #failures: unknown[] = []
  /** Killed from outside, not by a fault. */
  readonly #killed = new Set<Name>()
  #namesrvAddr = ''
  #ending = false

  /**
   * @param extra more environment for some of the processes.
   * @param faults fault points of each service, one for each of its lives; after the last one it lives on.
   */
  constructor(
    extra: Partial<Record<Name, Readonly<Record<string, string>>>> = {},
    faults: Partial<Record<ShopService, readonly string[]>> = {},
  ) {
    this.#extra = extra
    for (const [service, points] of Object.entries(faults))
      this.#faults.set(service as ShopService, [...points])
  }

  get namesrvAddr(): string {
    return this.#namesrvAddr
  }

  get received(): readonly Received[] {
    return this.#inboxes.list()
  }

  /** Faults that have not fired yet. */
  get armed(): number {
    return [...this.#faults.values()].reduce((sum, points) => sum + points.length, 0)
  }

  url(service: ShopService): string {
    return `http://${HOST}:${this.#planned.get(service)?.port}`
  }

  async start(): Promise<void> {
    const ports = new Ports(HOST)
    const base = 20_000 + Math.floor(Math.random() * 20_000)
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
    const options = { scenarios: [], portBase: base + 10, dataDir: this.dataDir, reset: false }
    this.#planned.set('broker', { plan: brokerPlan(options, addresses), port: addresses.broker })
    for (const planned of await shopPlans(options, addresses, ports)) {
      const name = SHOP.find((known) => known === planned.plan.name)
      if (name !== undefined) this.#planned.set(name, planned)
    }
    await this.#startChild('broker')
    await Promise.all(SHOP.map((name) => this.#startChild(name)))
  }

  /** SIGKILL at no particular place, and a new start. */
  async kill(name: Name): Promise<void> {
    const child = this.#children.get(name)
    this.#killed.add(name)
    child?.kill()
    await eventually(`${name} is gone`, STOP_MS, () => child?.state.kind === 'stopped')
    this.#killed.delete(name)
    this.kills.push(name)
    await this.#startChild(name)
  }

  /** Resolves when every fault fired and every service serves again. Rejects when one cannot start. */
  async settled(timeoutMs: number): Promise<void> {
    await eventually(`${this.armed} faults fired, all services are back`, timeoutMs, () => {
      this.check()
      return this.armed === 0 && [...this.#children.values()].every(({ state }) => state.kind === 'running')
    })
  }

  /** Throws what failed in the background. */
  check(): void {
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  /** Whether a process has said this since its first start. */
  said(name: Name, pattern: RegExp): boolean {
    return (this.#lines.get(name) ?? []).some((line) => pattern.test(line))
  }

  async stop(): Promise<void> {
    this.#ending = true
    await Promise.all(SHOP.map((name) => this.#children.get(name)?.stop(STOP_MS)))
    await this.#children.get('broker')?.stop(STOP_MS)
    await Promise.all(this.#inboxServers.map((server) => server.close()))
    rmSync(this.dataDir, { recursive: true, force: true })
  }

  async #startChild(name: Name): Promise<void> {
    const planned = this.#planned.get(name)
    if (planned === undefined) throw new Error(`no plan for ${name}`)
    const fault = name === 'broker' ? undefined : this.#faults.get(name)?.[0]
    const env = {
      ...planned.plan.env,
      ...this.#extra[name],
      ...(fault === undefined ? {} : { ROCKHOPPER_FAULT: fault }),
    }
    const child = new Child(
      { ...planned.plan, env },
      {
        changed: (changed) => {
          if (name !== 'broker' && changed.state.kind === 'stopped')
            this.#ended(name, changed.state.why, fault)
        },
        message: () => undefined,
        line: (_, line) => {
          const lines = this.#lines.get(name) ?? []
          lines.push(line)
          if (lines.length > LOG_LINES_MAX) lines.splice(10, 1)
          this.#lines.set(name, lines)
        },
      },
    )
    this.#children.set(name, child)
    // A fault may fire before the service is ready: then the next life is already under way.
    await child.start().catch((error: unknown) => {
      if (fault === undefined || !String(error).includes('killed by SIGKILL')) throw error
    })
  }

  /** The fault fired: its kill is counted and the service starts again, with the next one. */
  #ended(name: ShopService, why: string, fault: string | undefined): void {
    if (this.#ending || this.#killed.has(name)) return
    if (fault === undefined || why !== 'killed by SIGKILL') {
      this.#failures.push(new Error(`${name} ${why}\n${(this.#lines.get(name) ?? []).join('\n')}`))
      return
    }
    this.kills.push(fault)
    this.#faults.get(name)?.shift()
    this.#startChild(name).catch((error: unknown) => this.#failures.push(error))
  }
}
