import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Child, HOST, Ports } from '@rockhopper/demo'

/** Name server and broker in one process. */
export class Server {
  readonly #directory: string
  readonly #words: readonly string[]
  #child: Child | undefined
  namesrvAddr = ''

  /** `words`: keys of broker.conf, `key=value`. */
  constructor(directory: string, words: readonly string[]) {
    this.#directory = directory
    this.#words = words
  }

  async start(): Promise<void> {
    const ports = new Ports(HOST)
    const base = 40_000 + Math.floor(Math.random() * 15_000)
    const nameserver = await ports.take(base)
    const broker = await ports.take(base + 2)
    this.namesrvAddr = `${HOST}:${nameserver}`
    const cli = dirname(createRequire(import.meta.url).resolve('@rockhopper/cli/package.json'))
    this.#child = new Child(
      {
        name: 'broker',
        script: join(cli, 'bin', 'rockhopper.js'),
        args: [
          ...['server', '--host', HOST, '--nameserver-port', String(nameserver)],
          ...['--broker-port', String(broker), '--store-dir', join(this.#directory, 'store'), ...this.#words],
        ],
        env: { NODE_OPTIONS: '' },
        ready: /^rockhopper ready /,
      },
      { changed: () => undefined, message: () => undefined, line: () => undefined },
    )
    await this.#child.start()
  }

  /** Stops it properly and starts it on the same ports and store. */
  async restart(): Promise<void> {
    await this.#child?.stop(10_000)
    await this.#child?.start()
  }

  async stop(): Promise<void> {
    await this.#child?.stop(10_000)
  }
}
