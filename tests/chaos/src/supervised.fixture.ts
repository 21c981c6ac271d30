import { Child, type ChildPlan } from '@rockhopper/demo'
import { eventually } from './eventually.fixture.js'

const STOP_MS = 8_000
const LOG_LINES_MAX = 60
const HANDLER_FAILED = /"message":"handler failed/

/**
 * Processes that are started, killed at their fault points, and started again. A fault is a name of a fault
 * point, one for each life of a process; after the last one it lives on.
 */
export class Supervised<Name extends string> {
  /** Fault points that fired, in order; kills at no particular place are here, too, by process. */
  readonly kills: string[] = []
  readonly #plans = new Map<Name, ChildPlan>()
  readonly #children = new Map<Name, Child>()
  readonly #lines = new Map<Name, string[]>()
  readonly #faults = new Map<Name, string[]>()
  readonly #failures: unknown[] = []
  readonly #failedHandlers = new Map<Name, number>()
  /** Killed from outside, not by a fault. */
  readonly #killed = new Set<Name>()
  #ending = false

  constructor(faults: Partial<Record<Name, readonly string[]>> = {}) {
    for (const [name, points] of Object.entries<readonly string[] | undefined>(faults))
      this.#faults.set(name as Name, [...(points ?? [])])
  }

  /** Faults that have not fired yet. */
  get armed(): number {
    return [...this.#faults.values()].reduce((sum, points) => sum + points.length, 0)
  }

  plan(name: Name, plan: ChildPlan): void {
    this.#plans.set(name, plan)
  }

  /** SIGKILL at no particular place, and a new start after `downMs`. */
  async kill(name: Name, downMs = 0): Promise<void> {
    const child = this.#children.get(name)
    this.#killed.add(name)
    child?.kill()
    await eventually(`${name} is gone`, STOP_MS, () => child?.state.kind === 'stopped')
    if (downMs > 0) await new Promise((resolve) => setTimeout(resolve, downMs))
    this.#killed.delete(name)
    this.kills.push(name)
    await this.start(name)
  }

  /** Resolves when every fault fired and every process serves again. Rejects when one cannot start. */
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

  /** Deliveries that a handler of this process rejected, in all its lives. */
  failedHandlers(name: Name): number {
    return this.#failedHandlers.get(name) ?? 0
  }

  /** Ends the processes group by group, each group at once. */
  async stop(...groups: readonly (readonly Name[])[]): Promise<void> {
    this.#ending = true
    for (const group of groups)
      await Promise.all(group.map((name) => this.#children.get(name)?.stop(STOP_MS)))
  }

  async start(name: Name): Promise<void> {
    const plan = this.#plans.get(name)
    if (plan === undefined) throw new Error(`no plan for ${name}`)
    const fault = this.#faults.get(name)?.[0]
    const env = { ...plan.env, ...(fault === undefined ? {} : { ROCKHOPPER_FAULT: fault }) }
    const child = new Child(
      { ...plan, env },
      {
        changed: (changed) => {
          if (changed.state.kind === 'stopped') this.#ended(name, changed.state.why, fault)
        },
        message: () => undefined,
        line: (_, line) => this.#say(name, line),
      },
    )
    this.#children.set(name, child)
    // A fault may fire before the service is ready: then the next life is already under way.
    // Or it is killed from outside while it starts, and whoever killed it starts it again.
    await child.start().catch((error: unknown) => {
      const isMeant = fault !== undefined || this.#killed.has(name)
      if (!isMeant || !String(error).includes('killed by SIGKILL')) throw error
    })
  }

  #say(name: Name, line: string): void {
    if (HANDLER_FAILED.test(line)) this.#failedHandlers.set(name, this.failedHandlers(name) + 1)
    const lines = this.#lines.get(name) ?? []
    lines.push(line)
    if (lines.length > LOG_LINES_MAX) lines.splice(10, 1)
    this.#lines.set(name, lines)
  }

  /** The fault fired: its kill is counted and the process starts again, with the next one. */
  #ended(name: Name, why: string, fault: string | undefined): void {
    if (this.#ending || this.#killed.has(name)) return
    if (fault === undefined || why !== 'killed by SIGKILL') {
      this.#failures.push(new Error(`${name} ${why}\n${(this.#lines.get(name) ?? []).join('\n')}`))
      return
    }
    this.kills.push(fault)
    this.#faults.get(name)?.shift()
    this.start(name).catch((error: unknown) => this.#failures.push(error))
  }
}
