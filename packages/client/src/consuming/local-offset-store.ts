import { type Disk, DiskError, type Log } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import { queueKey } from './allocation.js'
import type { OffsetStore } from './offset-store.js'

/** Largest offset file that is read. 200,000 queues fit. */
const FILE_SIZE_MAX = 32 * 1024 * 1024

interface StoredOffset extends MessageQueue {
  readonly queueOffset: number
}

/**
 * Offsets of a broadcasting member in one JSON file (Apache: LocalFileOffsetStore). It is written beside
 * and renamed, the version before is kept as `.bak`: a crash at any moment leaves one that can be read.
 */
export class LocalOffsetStore implements OffsetStore {
  readonly #disk: Disk
  readonly #log: Log
  readonly #directory: string
  readonly #path: string
  readonly #offsets = new Map<string, StoredOffset>()
  #changed = false
  #writing: Promise<void> = Promise.resolve()

  /** Reads the file. Throws MqError CONFIG_UNREADABLE when neither it nor its `.bak` can be read. */
  constructor(disk: Disk, log: Log, directory: string) {
    this.#disk = disk
    this.#log = log
    this.#directory = directory
    this.#path = `${directory}/offsets.json`
    for (const stored of this.#read()) this.#offsets.set(queueKey(stored), stored)
  }

  load(queue: MessageQueue): Promise<number | undefined> {
    return Promise.resolve(this.current(queue))
  }

  current(queue: MessageQueue): number | undefined {
    return this.#offsets.get(queueKey(queue))?.queueOffset
  }

  update({ topic, brokerName, queueId }: MessageQueue, queueOffset: number, backwards = false): void {
    const stored = { topic, brokerName, queueId, queueOffset }
    const current = this.current(stored)
    if (current !== undefined && (backwards ? queueOffset === current : queueOffset <= current)) return
    this.#offsets.set(queueKey(stored), stored)
    this.#changed = true
  }

  persist(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  settle(): Promise<void> {
    return this.persist()
  }

  /** A member that comes back to a queue goes on where it was, so nothing is forgotten. */
  remove(): void {}

  async #write(): Promise<void> {
    if (!this.#changed) return
    this.#changed = false
    const text = JSON.stringify({ offsetTable: [...this.#offsets.values()] }, undefined, 1)
    try {
      await this.#replace(Buffer.from(text))
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#changed = true
      this.#log.warn('client.offset.notKept', { path: this.#path, error })
    }
  }

  async #replace(bytes: Buffer): Promise<void> {
    this.#disk.makeDirectory(this.#directory)
    const temporary = `${this.#path}.tmp`
    this.#disk.remove(temporary)
    const file = this.#disk.open(temporary, { create: true })
    try {
      for (let at = 0; at < bytes.length; ) at += await file.write(bytes, at, bytes.length - at, at)
      await file.sync()
    } finally {
      file.close()
    }
    if (this.#disk.exists(this.#path)) this.#disk.rename(this.#path, `${this.#path}.bak`)
    this.#disk.rename(temporary, this.#path)
    await this.#disk.syncDirectory(this.#directory)
  }

  #read(): StoredOffset[] {
    let unreadable: unknown
    for (const path of [this.#path, `${this.#path}.bak`]) {
      const bytes = this.#disk.readFile(path, FILE_SIZE_MAX)
      if (bytes === undefined) continue
      try {
        return parse(bytes)
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error
        unreadable = error
        this.#log.warn('client.offset.unreadable', { path, error })
      }
    }
    if (unreadable === undefined) return []
    throw new MqError('CONFIG_UNREADABLE', `Reading the offsets in ${this.#path}`, { cause: unreadable })
  }
}

function parse(bytes: Buffer): StoredOffset[] {
  const parsed: unknown = JSON.parse(bytes.toString())
  const table =
    typeof parsed === 'object' && parsed !== null && 'offsetTable' in parsed ? parsed.offsetTable : undefined
  if (!Array.isArray(table)) throw new SyntaxError('no offsetTable')
  return table.map((row: Partial<StoredOffset>) => {
    const { topic, brokerName, queueId, queueOffset } = row ?? {}
    const legal =
      typeof topic === 'string' &&
      typeof brokerName === 'string' &&
      Number.isInteger(queueId) &&
      Number.isSafeInteger(queueOffset) &&
      (queueOffset as number) >= 0
    if (!legal) throw new SyntaxError(`not an offset: ${JSON.stringify(row)}`)
    return { topic, brokerName, queueId: queueId as number, queueOffset: queueOffset as number }
  })
}
