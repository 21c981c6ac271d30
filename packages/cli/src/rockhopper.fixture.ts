import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../bin/rockhopper.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** One run of the real binary as a process of its own. */
export class Run {
  readonly #child: ChildProcess
  readonly #ended: Promise<Ended>
  #out = ''
  #err = ''

  constructor(words: readonly string[], directory?: string) {
    const { NAMESRV_ADDR: _, ...variables } = process.env
    this.#child = spawn(process.execPath, [BIN, ...words], { env: variables, cwd: directory, stdio: 'pipe' })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#err += text
    })
    this.#ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => resolve({ code, signal, out: this.#out, err: this.#err }))
    })
  }

  /** The addresses of the ready line. Rejects when the process ends before it. */
  async ready(): Promise<{ nameserver: string; broker: string }> {
    const line = new Promise<string>((resolve) => {
      const look = (): void => {
        if (this.#out.includes('\n')) resolve(this.#out)
      }
      this.#child.stdout?.on('data', look)
      look()
    })
    const first = await Promise.race([line, this.#ended])
    if (typeof first !== 'string')
      throw new Error(`ended with ${first.code} before it was ready: ${first.err}`)
    const address = (name: string): string => new RegExp(`${name}=(\\S+)`).exec(first)?.[1] ?? ''
    return { nameserver: address('nameserver'), broker: address('broker') }
  }

  /** Resolves when standard error has said what `pattern` looks for. */
  async said(pattern: RegExp): Promise<void> {
    const found = new Promise<void>((resolve) => {
      const look = (): void => {
        if (pattern.test(this.#err)) resolve()
      }
      this.#child.stderr?.on('data', look)
      look()
    })
    await Promise.race([found, this.#ended])
    if (!pattern.test(this.#err)) throw new Error(`ended without ${String(pattern)}: ${this.#err}`)
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  endInput(): void {
    this.#child.stdin?.end()
  }

  ended(): Promise<Ended> {
    return this.#ended
  }

  /** Sends SIGTERM and waits. */
  stop(): Promise<Ended> {
    this.signal('SIGTERM')
    return this.#ended
  }
}

/** What a test starts, and what is gone when it is over whatever happened. */
export class Workplace {
  readonly #directories: string[] = []
  readonly #runs: Run[] = []

  directory(): string {
    const path = mkdtempSync(join(tmpdir(), 'rockhopper-cli-'))
    this.#directories.push(path)
    return path
  }

  run(...words: string[]): Run {
    const run = new Run(words)
    this.#runs.push(run)
    return run
  }

  async clear(): Promise<void> {
    for (const run of this.#runs.splice(0)) {
      run.signal('SIGKILL')
      await run.ended()
    }
    for (const path of this.#directories.splice(0)) rmSync(path, { recursive: true, force: true })
  }
}
