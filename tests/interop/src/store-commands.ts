import { cpSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { queueFiles } from './derived-files.js'
import { rockhopper } from './rockhopper.js'

/** What `rockhopper store info --json` says, as far as tests look. */
export interface StoreInfo {
  readonly log: { readonly fileCount: number; readonly maxOffset: number }
  readonly state?: { readonly ranges: readonly { readonly from: number; readonly to: number }[] }
  readonly problems: readonly string[]
}

/** `rockhopper store …` on a directory whose broker has the given configuration. */
export class StoreCommands {
  readonly #directory: string
  readonly #words: readonly string[]

  constructor(directory: string, properties: Readonly<Record<string, string | number | boolean>>) {
    this.#directory = directory
    this.#words = Object.entries(properties).map(([key, value]) => `${key}=${value}`)
  }

  async info(): Promise<StoreInfo> {
    return JSON.parse(await this.#run('info', '--json')) as StoreInfo
  }

  /** Ends with an error when something is wrong. */
  async verify(): Promise<string> {
    return this.#run('verify')
  }

  /** Records of the log, one a line. */
  async dump(): Promise<string[]> {
    return (await this.#run('dump', '--body', 'none')).trim().split('\n')
  }

  /** Rebuilds a copy; names of the files of the consume queues that came out otherwise. */
  async rebuiltOtherwise(): Promise<string[]> {
    const copy = join(dirname(this.#directory), 'rebuilt')
    cpSync(this.#directory, copy, { recursive: true })
    await rockhopper(['store', 'rebuild', copy, ...this.#words, '--all-topics'])
    const [before, after] = [queueFiles(this.#directory), queueFiles(copy)]
    return [...new Set([...before.keys(), ...after.keys()])].filter(
      (path) => before.get(path) !== after.get(path),
    )
  }

  #run(command: string, ...options: readonly string[]): Promise<string> {
    return rockhopper(['store', command, this.#directory, ...this.#words, ...options])
  }
}
