import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface ChildPlan {
  readonly name: string
  /** Path of the program, run by this Node. */
  readonly script: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The line on standard output that says that it serves. */
  readonly ready: RegExp
}

export type ChildState =
  | { readonly kind: 'stopped'; readonly why: string }
  | { readonly kind: 'starting'; readonly pid: number }
  | { readonly kind: 'running'; readonly pid: number; readonly since: number }
  | { readonly kind: 'stopping'; readonly pid: number }

export interface ChildEvents {
  changed(child: Child): void
  message(child: Child, message: unknown): void
  line(child: Child, line: string): void
}

const READY_TIMEOUT_MS = 60_000

/**
 * A process that belongs to the demo. It holds an IPC channel to its parent, and ends when that breaks: no
 * child outlives the demo, however the demo ends.
 */
export class Child {
  readonly plan: ChildPlan
  readonly #events: ChildEvents
  #process: ChildProcess | undefined
  #state: ChildState = { kind: 'stopped', why: 'not started' }

  constructor(plan: ChildPlan, events: ChildEvents) {
    this.plan = plan
    this.#events = events
  }

  get state(): ChildState {
    return this.#state
  }

  /** Resolves when the ready line came; rejects when the process ends or stays silent first. */
  start(): Promise<void> {
    if (this.#process !== undefined) return Promise.resolve()
    const { script, args, env, ready } = this.plan
    const child = spawn(process.execPath, [script, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Ctrl-C reaches the whole group of the terminal; the demo drains its children in its own order.
      detached: process.platform !== 'win32',
    })
    this.#process = child
    this.#become({ kind: 'starting', pid: child.pid ?? 0 })
    child.on('message', (message) => this.#events.message(this, message))
    return new Promise((resolve, reject) => {
      const tail: string[] = []
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        const seconds = READY_TIMEOUT_MS / 1_000
        reject(new Error(`${this.plan.name} did not start in ${seconds} s\n${tail.join('\n')}`))
      }, READY_TIMEOUT_MS)
      const onLine = (line: string): void => {
        tail.push(line)
        if (tail.length > 20) tail.shift()
        this.#events.line(this, line)
        if (this.#state.kind === 'starting' && ready.test(line)) {
          clearTimeout(timer)
          this.#become({ kind: 'running', pid: child.pid ?? 0, since: Date.now() })
          resolve()
        }
      }
      for (const stream of [child.stdout, child.stderr]) {
        if (stream !== null) createInterface({ input: stream }).on('line', onLine)
      }
      child.once('error', (error) => tail.push(error.message))
      child.once('close', (code, signal) => {
        clearTimeout(timer)
        this.#process = undefined
        const why = signal === null ? `ended with code ${code}` : `killed by ${signal}`
        this.#become({ kind: 'stopped', why })
        reject(new Error(`${this.plan.name} ${why}\n${tail.join('\n')}`))
      })
    })
  }

  /** Asks it to drain and end; SIGKILL after `graceMs`. Resolves when it is gone. */
  stop(graceMs: number): Promise<void> {
    const child = this.#process
    if (child === undefined) return Promise.resolve()
    this.#become({ kind: 'stopping', pid: child.pid ?? 0 })
    return new Promise((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      child.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      child.kill('SIGTERM')
    })
  }

  /** The crash that the demo is about. */
  kill(): void {
    this.#process?.kill('SIGKILL')
  }

  #become(state: ChildState): void {
    this.#state = state
    this.#events.changed(this)
  }
}
