import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const BOOTSTRAP = fileURLToPath(new URL('../../../../tools/bootstrap.mjs', import.meta.url))
const READY_MS = 90_000
const HOST = '127.0.0.1'

export interface ServiceView {
  readonly name: string
  readonly port: number
  readonly state: { readonly kind: string; readonly pid?: number }
}

/** `npm start` without npm, in a process group of its own: as a terminal would start it. */
export class DemoRun {
  readonly #parent: ChildProcess
  readonly #ended: Promise<number | null>
  #output = ''
  pageUrl = ''

  /** @param extra more environment for the demo, which hands it on to the services. */
  constructor(args: readonly string[], extra: Readonly<Record<string, string>> = {}) {
    this.#parent = spawn(process.execPath, [BOOTSTRAP, 'start', ...args], {
      env: { ...process.env, ...extra },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#parent.stdout, this.#parent.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
    // `exit`, not `close`: after kill -9 the demo still holds the pipes while it drains.
    this.#ended = new Promise((resolve) => this.#parent.once('exit', (code) => resolve(code)))
  }

  get pid(): number {
    return this.#parent.pid ?? 0
  }

  get output(): string {
    return this.#output
  }

  async ready(): Promise<void> {
    const address = await eventually(READY_MS, () => {
      if (this.#parent.exitCode !== null) throw new Error(`the demo ended:\n${this.#output}`)
      return /^Ready: (\S+)$/m.exec(this.#output)?.[1]
    })
    if (address === undefined) throw new Error(`the demo is not ready:\n${this.#output}`)
    this.pageUrl = address
  }

  async services(): Promise<ServiceView[]> {
    return (await (await fetch(`${this.pageUrl}api/services`)).json()) as ServiceView[]
  }

  /** The newest lines that a service wrote. */
  async linesOf(service: string): Promise<string[]> {
    return (await (await fetch(`${this.pageUrl}api/services/${service}/log`)).json()) as string[]
  }

  async portOf(service: string): Promise<number> {
    return (await this.services()).find(({ name }) => name === service)?.port ?? 0
  }

  /** Everything that has to be gone when the demo is: processes and listeners. */
  async parts(): Promise<Parts> {
    const services = await this.services()
    const pids = [this.pid, ...services.map(({ state }) => state.pid ?? 0)]
    const printed = [...this.#output.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port))
    return { pids, ports: [...new Set([...printed, ...services.map(({ port }) => port)])] }
  }

  /** To the whole group, as Ctrl-C does. */
  interrupt(): void {
    process.kill(-this.pid, 'SIGINT')
  }

  signal(name: NodeJS.Signals): void {
    this.#parent.kill(name)
  }

  /** Exit code; null after a signal. */
  ended(): Promise<number | null> {
    return this.#ended
  }

  /** For the end of a test, whatever happened in it. */
  async destroy(): Promise<void> {
    if (this.#parent.exitCode !== null || this.#parent.signalCode !== null) return
    this.#parent.kill('SIGTERM')
    await this.#ended
  }
}

export interface Parts {
  readonly pids: readonly number[]
  readonly ports: readonly number[]
}

/** What of it is still there after `withinMs`, in words. */
export async function leftOf({ pids, ports }: Parts, withinMs: number): Promise<string[]> {
  let left: string[] = []
  await eventually(withinMs, async () => {
    const alive = pids.filter(isAlive).map((pid) => `process ${pid}`)
    const open = await Promise.all(ports.map(async (port) => ((await isOpen(port)) ? [`port ${port}`] : [])))
    left = [...alive, ...open.flat()]
    return left.length === 0 ? true : undefined
  })
  return left
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Asks until there is an answer; undefined when the time is over. */
export async function eventually<T>(
  withinMs: number,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T | undefined> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined || performance.now() > deadline) return answer
    await delay(50)
  }
}
