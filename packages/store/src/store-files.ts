import type { Disk, DiskLock, Host } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import { writeFully } from './full-write.js'

/**
 * The files of a store directory that say who uses it and how it was left (store-format.md sections 1 and
 * 10).
 */
export class StoreFiles {
  readonly #disk: Disk
  readonly #host: Host
  readonly #root: string
  #lock: DiskLock | undefined

  constructor(disk: Disk, host: Host, root: string) {
    this.#disk = disk
    this.#host = host
    this.#root = root
  }

  get commitLog(): string {
    return `${this.#root}/commitlog`
  }

  get consumeQueue(): string {
    return `${this.#root}/consumequeue`
  }

  get index(): string {
    return `${this.#root}/index`
  }

  get deletedTopics(): string {
    return `${this.#root}/rockhopper/deletedTopics.json`
  }

  /** Of the broker: what topics there are. */
  get topics(): string {
    return `${this.#root}/config/topics.json`
  }

  get derivedFiles(): string {
    return `${this.#root}/rockhopper/derived.json`
  }

  get checkpoint(): string {
    return `${this.#root}/checkpoint`
  }

  /** Our own files; Apache does not know them. */
  get rockhopper(): string {
    return `${this.#root}/rockhopper`
  }

  /** Takes the directory for this store. Throws MqError STORE_LOCKED, naming who has it. */
  async lock(): Promise<void> {
    this.#disk.makeDirectory(this.#root)
    if (!this.#disk.exists(`${this.#root}/lock`)) this.#write(`${this.#root}/lock`, 'lock').close()
    this.#lock = await this.#disk.acquireLock(this.#root)
    if (this.#lock === undefined)
      throw new MqError('STORE_LOCKED', `opening '${this.#root}'${this.#holderText()}`)
    this.#disk.makeDirectory(this.rockhopper)
    const { pid, bootId, address } = this.#host
    this.#write(this.#owner, `${JSON.stringify({ pid, bootId, address })}\n`).close()
  }

  async unlock(): Promise<void> {
    await this.#lock?.release()
    this.#lock = undefined
  }

  /** Refuses a store with parts this code would misread (store-format.md section 30.13). */
  refuseUnknownParts(): void {
    for (const part of ['batchconsumequeue', 'consumequeue_ext']) {
      if (this.#disk.list(`${this.#root}/${part}`).length === 0) continue
      throw new MqError(
        'STORE_CORRUPT',
        `opening '${this.#root}': queues of kind '${part}' are not supported`,
      )
    }
    if (this.#disk.exists(`${this.consumeQueue}/CURRENT`)) {
      throw new MqError(
        'STORE_CORRUPT',
        `opening '${this.consumeQueue}': it holds a RocksDB, not queue files`,
      )
    }
  }

  /** What `abort` holds; undefined when the last user stopped properly. */
  get abortText(): string | undefined {
    return this.#disk.readFile(`${this.#root}/abort`)?.toString('latin1')
  }

  /** Apache writes its process id and reads nothing; `mark` tells our own from another's. */
  async markAborted(mark: string): Promise<void> {
    const file = this.#write(`${this.#root}/abort`, `${this.#host.pid}\n${mark}\n`)
    try {
      await file.sync()
    } finally {
      file.close()
    }
    await this.#disk.syncDirectory(this.#root)
  }

  async clearAborted(): Promise<void> {
    this.#disk.remove(`${this.#root}/abort`)
    await this.#disk.syncDirectory(this.#root)
  }

  /** Who holds the lock: for people, the lock itself is the kernel's. */
  get #owner(): string {
    return `${this.rockhopper}/owner.json`
  }

  /** Empty when the holder has not said who it is. */
  #holderText(): string {
    const text = this.#disk.readFile(this.#owner)?.toString('utf8') ?? ''
    const pid = /"pid":(\d+)/.exec(text)?.[1]
    const address = /"address":"([^"]*)"/.exec(text)?.[1]
    return pid === undefined ? '' : `: process ${pid} on ${address ?? 'this machine'} has it`
  }

  #write(path: string, text: string): ReturnType<Disk['open']> {
    const bytes = Buffer.from(text)
    const file = this.#disk.open(path, { create: true })
    try {
      writeFully(file, bytes, 0, bytes.length, 0)
      file.truncate(bytes.length)
    } catch (error) {
      file.close()
      throw error
    }
    return file
  }
}
