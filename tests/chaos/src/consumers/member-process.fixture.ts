import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Bug, withPieces } from '../bugs.fixture.js'

/** An orderly one waits for the locks of a member that stands still. */
const START_MS = 120_000
const LEAVE_MS = 30_000

/**
 * A consumer in a process of its own. Its name is its instance name: who starts again with it is the same
 * member.
 */
export class MemberProcess {
  readonly name: string
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #complaints = ''

  private constructor(name: string, child: ChildProcess) {
    this.name = name
    this.#child = child
    this.#ended = once(child, 'exit')
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-4_096)
    })
  }

  /** Resolves when the member has taken part in the group. */
  static async start(
    script: string,
    args: readonly string[],
    bugs: readonly Bug[] = [],
  ): Promise<MemberProcess> {
    const path = fileURLToPath(new URL(`../../dist/consumers/${script}`, import.meta.url))
    const child = spawn(process.execPath, [path, ...args], {
      env: { ...process.env, ...(bugs.length === 0 ? { NODE_OPTIONS: '' } : withPieces(bugs)) },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const member = new MemberProcess(args.at(-1) ?? '', child)
    await member.#ready()
    return member
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  /** Stands still for so long, as a machine that swaps, and goes on as if nothing had been. */
  async pause(ms: number): Promise<void> {
    this.#child.kill('SIGSTOP')
    await delay(ms)
    this.#child.kill('SIGCONT')
  }

  /** Drains and leaves the group. */
  async leave(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), LEAVE_MS)
    this.#child.stdin?.end()
    await this.#ended
    clearTimeout(timer)
    if (this.#child.exitCode !== 0)
      throw new Error(`${this.name} ended with ${this.#child.exitCode}\n${this.#complaints}`)
  }

  #ready(): Promise<void> {
    const { stdout } = this.#child
    if (stdout === null) throw new Error('no standard output')
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error(`${this.name} did not start\n${this.#complaints}`))
      const timer = setTimeout(fail, START_MS)
      createInterface({ input: stdout }).once('line', () => {
        clearTimeout(timer)
        resolve()
      })
      this.#ended.then(fail, fail)
    })
  }
}
