import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { brokerWithTopic } from '../broker-topic.js'
import type { Counts } from './counts.js'

/** Objects of some 100,000 messages fit: no collection comes between two looks at the heap. */
const NEW_SPACE_MB = 128

/** Calls of read and write and their like that the kernel counted for a process. */
export interface SystemCalls {
  readonly reads: number
  readonly writes: number
}

/** `rockhopper server` in a process of its own, with counting.ts loaded into it. Linux only. */
export class CountedBroker {
  readonly address: string
  readonly #child: ChildProcess
  readonly #storeDir: string

  private constructor(child: ChildProcess, address: string, storeDir: string) {
    this.#child = child
    this.address = address
    this.#storeDir = storeDir
  }

  /** `plain`: as a user starts it, and it counts nothing. */
  static async start({ plain = false } = {}): Promise<CountedBroker> {
    const storeDir = mkdtempSync(join(tmpdir(), 'rockhopper-guard-'))
    const cli = dirname(createRequire(import.meta.url).resolve('@rockhopper/cli/package.json'))
    const counting = fileURLToPath(new URL('../../dist/guard/counting.js', import.meta.url))
    const space = ['min', 'max'].map((end) => `--${end}-semi-space-size=${NEW_SPACE_MB}`)
    const flags = plain ? [] : ['--import', counting, ...space]
    const ports = ['--nameserver-port', '0', '--broker-port', '0', '--store-dir', storeDir]
    const child = spawn(process.execPath, [...flags, join(cli, 'bin', 'rockhopper.js'), 'server', ...ports], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    const nameserver = await new Promise<string>((found, reject) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        const address = /^rockhopper ready nameserver=(\S+)/.exec(line)?.[1]
        if (address !== undefined) found(address)
      })
      child.once('close', (code) => reject(new Error(`rockhopper server ended with ${code}`)))
    })
    return new CountedBroker(child, await brokerWithTopic(nameserver), storeDir)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async counts(): Promise<Counts> {
    const told = once(this.#child, 'message')
    this.#child.send('counts')
    const [counts] = (await told) as [Counts]
    return counts
  }

  systemCalls(): SystemCalls {
    const text = readFileSync(`/proc/${this.#child.pid}/io`, 'utf8')
    const of = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1])
    return { reads: of('syscr'), writes: of('syscw') }
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'close')
    this.#child.kill('SIGTERM')
    await ended
    rmSync(this.#storeDir, { recursive: true, force: true })
  }
}
