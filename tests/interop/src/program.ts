import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** One JSON line of a program. What it holds besides `event` depends on the event. */
export interface Line {
  readonly event: string
  readonly [field: string]: unknown
}

export interface ProgramOptions {
  /** How it is called in error messages. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** It is killed when it lives longer. Default 120,000 ms. */
  readonly deadlineMs?: number
}

const STDERR_TAIL_SIZE = 16_384

/**
 * A child process that reports one JSON object per line. Lines that are not JSON are kept as `{event: 'text',
 * text}`.
 */
export class Program {
  readonly name: string
  readonly lines: Line[] = []
  readonly #child: ChildProcess
  readonly #ended: Promise<string>
  readonly #waiters = new Set<() => void>()
  #stderr = ''
  #outcome: string | undefined

  constructor(options: ProgramOptions) {
    this.name = options.name
    this.#child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.deadlineMs ?? 120_000,
      killSignal: 'SIGKILL',
    })
    const child = this.#child
    const reaper = reap(this.pid)
    child.stdin?.on('error', () => undefined)
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL_SIZE)
    })
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (text) => this.#take(text))
    this.#ended = new Promise((resolve) => {
      const end = (outcome: string) => {
        reaper()
        this.#outcome = outcome
        resolve(outcome)
        this.#wake()
      }
      child.on('error', (error) => end(`cannot start: ${error.message}`))
      child.on('close', (code, signal) => end(String(signal ?? code)))
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Exit code or signal as text, or undefined while it runs. */
  get outcome(): string | undefined {
    return this.#outcome
  }

  of(event: string): Line[] {
    return this.lines.filter((line) => line.event === event)
  }

  /** The first line that satisfies; rejects when the program ends without it or the time is over. */
  async until(satisfies: (line: Line) => boolean, timeoutMs = 60_000): Promise<Line> {
    const found = await this.holds(() => this.lines.find(satisfies), timeoutMs)
    if (found === undefined)
      throw new Error(`${this.name}: the line waited for did not come\n${this.report()}`)
    return found
  }

  /**
   * Waits until `check` yields a value, asked again after every line; undefined when program or time end
   * before.
   */
  async holds<T>(check: () => T | undefined, timeoutMs = 60_000): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined
    let late = false
    try {
      for (;;) {
        const value = check()
        if (value !== undefined || late || this.#outcome !== undefined) return value
        await new Promise<void>((resolve) => {
          this.#waiters.add(resolve)
          timer ??= setTimeout(() => {
            late = true
            this.#wake()
          }, timeoutMs)
        })
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Its end with exit code 0; rejects with what it printed otherwise. */
  async succeeded(): Promise<this> {
    const outcome = await this.#ended
    if (outcome !== '0') throw new Error(`${this.name} ended with ${outcome}\n${this.report()}`)
    return this
  }

  /** A line for its standard input. */
  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  /** Closing standard input asks our programs to end; then waits for success. */
  async closed(): Promise<this> {
    this.#child.stdin?.end()
    return this.succeeded()
  }

  async kill(signal: NodeJS.Signals): Promise<string> {
    if (this.#outcome === undefined) this.#child.kill(signal)
    return this.#ended
  }

  /** The last lines and the end of standard error, for an error message. */
  report(): string {
    const lines = this.lines.slice(-20).map((line) => JSON.stringify(line))
    return [`-- ${this.name}: last lines --`, ...lines, `-- standard error --`, this.#stderr].join('\n')
  }

  #take(text: string): void {
    this.lines.push(parsed(text))
    this.#wake()
  }

  #wake(): void {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const wake of waiters) wake()
  }
}

/** Runs `use` with a list that it adds programs to, and leaves none of them running, however it ends. */
export async function withPrograms<T>(use: (programs: Program[]) => Promise<T>): Promise<T> {
  const programs: Program[] = []
  try {
    return await use(programs)
  } finally {
    await Promise.all(programs.map((program) => program.kill('SIGKILL')))
  }
}

/**
 * A test run that is killed must not leave brokers behind, and an exit handler does not run then (in Jest
 * never). So a shell waits for the end of its input, which comes with our end, and kills the program. Call
 * the result to end the watch.
 */
function reap(pid: number): () => void {
  if (pid === 0) return () => undefined
  const watch = spawn('sh', ['-c', 'cat >/dev/null; kill -9 "$0"', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watch.on('error', () => undefined)
  watch.stdin.on('error', () => undefined)
  return () => {
    // The shell first, so that the end of input finds nobody to kill a process that has this id by now.
    watch.once('close', () => watch.stdin.destroy())
    watch.kill('SIGKILL')
    watch.stdin.end()
  }
}

function parsed(text: string): Line {
  if (!text.startsWith('{')) return { event: 'text', text }
  try {
    return JSON.parse(text) as Line
  } catch {
    return { event: 'text', text }
  }
}
