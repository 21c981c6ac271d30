import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type Addresses,
  anyPortBase,
  Child,
  type ChildPlan,
  HOST,
  Inboxes,
  Ports,
  type Received,
  type Running,
  type ServicePlanned,
  startSmsInbox,
  startSmtpInbox,
} from '@rockhopper/demo'

const root = join(import.meta.dirname, '../../../..')
const DRAIN_MS = 10_000
const WAIT_MS = 60_000
const NOBODY = { changed: () => undefined, message: () => undefined, line: () => undefined }

type Plans = (
  options: { scenarios: []; portBase: number; dataDir: string; reset: boolean },
  addresses: Addresses,
  ports: Ports,
) => Promise<ServicePlanned[]>

/** The services of one scenario as processes, told nothing of the broker but its address. */
export class ScenarioRun implements AsyncDisposable {
  readonly #plans = new Map<string, ChildPlan>()
  readonly #ports = new Map<string, number>()
  readonly #children: Child[] = []
  readonly #inboxes = new Inboxes(() => undefined)
  readonly #folder = mkdtempSync(join(tmpdir(), 'rockhopper-scenario-'))
  readonly #servers: Running[] = []

  /** Plans them; starts the customers' mail and SMS only. */
  static async plan(plans: Plans, namesrvAddr: string): Promise<ScenarioRun> {
    const run = new ScenarioRun()
    const smtp = await startSmtpInbox(run.#inboxes, HOST, 0)
    const sms = await startSmsInbox(run.#inboxes, HOST, 0)
    run.#servers.push(smtp, sms)
    const portBase = anyPortBase()
    const options = { scenarios: [] as [], portBase, dataDir: run.#folder, reset: false }
    const addresses = { nameserver: 0, broker: 0, smtp: smtp.port, sms: sms.port }
    for (const { plan, port } of await plans(options, addresses, new Ports(HOST))) {
      const env = { ...plan.env, ROCKETMQ_NAMESRV_ADDR: namesrvAddr, ROCKHOPPER_TOPICS: 'check' }
      run.#plans.set(plan.name, { ...plan, env })
      run.#ports.set(plan.name, port)
    }
    return run
  }

  get received(): readonly Received[] {
    return this.#inboxes.list()
  }

  /** Rejects with the last lines of one that ends before it is ready. */
  async start(names: readonly string[], extra: Readonly<Record<string, string>> = {}): Promise<void> {
    await Promise.all(
      names.map((name) => {
        const plan = this.#plans.get(name)
        if (plan === undefined) throw new Error(`no service ${name}`)
        const child = new Child({ ...plan, env: { ...plan.env, ...extra } }, NOBODY)
        this.#children.push(child)
        return child.start()
      }),
    )
  }

  async get<T>(service: string, path: string): Promise<T> {
    const answer = await fetch(`http://${HOST}:${this.#ports.get(service)}${path}`)
    return (await answer.json()) as T
  }

  async post<T>(
    service: string,
    path: string,
    body: string | object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly body: T }> {
    const answer = await fetch(`http://${HOST}:${this.#ports.get(service)}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: answer.status, body: (await answer.json()) as T }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop(DRAIN_MS)))
    await Promise.all(this.#servers.map((server) => server.close()))
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** `rockhopper topics apply` as its user runs it. Rejects with what it says when it fails. */
export function applyTopics(file: string, namesrvAddr: string, ...more: string[]): Promise<string> {
  const cli = createRequire(import.meta.url).resolve('@rockhopper/cli/package.json')
  const bin = join(dirname(cli), 'bin', 'rockhopper.js')
  return new Promise((resolve, reject) => {
    const args = [bin, 'topics', 'apply', '-f', join(root, file), '-n', namesrvAddr, ...more]
    execFile(process.execPath, args, (error, out, err) => {
      if (error === null) resolve(out)
      else reject(new Error(`${err}${out}`))
    })
  })
}

/** Asks until the answer is as wanted; gives the last answer when it never is. */
export async function settled<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const answer = await ask()
    if (isWanted(answer) || performance.now() > deadline) return answer
    await delay(100)
  }
}
