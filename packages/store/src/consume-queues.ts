import type { Cancel, Clock, Disk, Log } from '@rockhopper/env'
import { checkTopic, isSystemTopic } from '@rockhopper/message'
import { ConsumeQueue, type QueueContext } from './consume-queue.js'
import type { Descriptors } from './descriptors.js'
import { diskErrorCode } from './full-write.js'
import { syncFile, takeEach } from './unsynced.js'

const WRITE_AT_SIZE = 4 * 1024
const UNWRITTEN_SIZE_MAX = 16 * 1024 * 1024
const STOPPING_SYNCS = 3
/** Files that are written without a pause: all of 40,000 queues would hold the loop for a second. */
const WRITES_AT_ONCE = 128
/** From some files to the next: so sends to thousands of queues share the writes of a queue. */
const NEXT_WRITES_MS = 100
const NEXT_CHECKPOINT_WRITES_MS = 10

export interface ConsumeQueuesOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly log: Log
  readonly descriptors: Descriptors
  readonly directory: string
  readonly fileSize: number
  readonly writeIntervalMs: number
  /** A write failed in a way that waiting does not cure. */
  onFailed(error: unknown): void
}

/**
 * All consume queues of a store. New entries are written per queue at 4 KiB, for all queues one interval
 * after the first of them, and for those that wait longest when 16 MiB wait in all. Of thousands of queues
 * some 1,300 are written in a second. What cannot be written for want of space or
 * descriptors waits for the next interval: it can be rebuilt from the log, and the checkpoint does not pass
 * it.
 */
export class ConsumeQueues {
  readonly #options: ConsumeQueuesOptions
  readonly #context: QueueContext
  readonly #topics = new Map<string, Map<number, ConsumeQueue>>()
  readonly #unwritten = new Set<ConsumeQueue>()
  /** Of those, what is left of the writes under way, the next one last. */
  #due: ConsumeQueue[] = []
  #syncsAtOnce = 1
  readonly #unsyncedFiles = new Set<string>()
  readonly #unsyncedDirectories = new Set<string>()
  /** Queues whose files were not whole: empty now. */
  readonly damaged = new Set<ConsumeQueue>()
  #found = false
  #madeCount = 0
  #cancelWrite: Cancel | undefined
  #unwrittenSize = 0
  #closed = false

  constructor(options: ConsumeQueuesOptions) {
    this.#options = options
    const { disk, descriptors, fileSize } = options
    this.#context = {
      disk,
      descriptors,
      fileSize,
      grown: (queue) => this.#grown(queue),
      touched: (path, made) => this.#touched(path, made),
    }
  }

  /** The directory of the queues was there when they were loaded. */
  get found(): boolean {
    return this.#found
  }

  /** How many queues were found or made since the store was opened. */
  get madeCount(): number {
    return this.#madeCount
  }

  get(topic: string, queueId: number): ConsumeQueue | undefined {
    return this.#topics.get(topic)?.get(queueId)
  }

  /** The queue, made in memory when it does not exist; undefined for a name that cannot be a directory. */
  obtain(topic: string, queueId: number): ConsumeQueue | undefined {
    const known = this.#topics.get(topic)?.get(queueId)
    if (known !== undefined) return known
    if (checkTopic(topic) !== undefined || queueId < 0) return undefined
    return this.#add(topic, queueId)
  }

  /**
   * Finds and scans what is on disk. Throws MqError STORE_FILE_SIZE for a file of another size, unless
   * `sizeIsKnown`: then its queue is damaged.
   */
  load(aborted: boolean, sizeIsKnown: boolean): void {
    const { disk, directory } = this.#options
    this.#found = disk.exists(directory)
    disk.makeDirectory(directory)
    for (const topic of disk.list(directory)) {
      for (const name of disk.list(`${directory}/${topic}`)) {
        if (!/^\d{1,9}$/.test(name)) continue
        const queue = this.#add(topic, Number(name))
        if (!queue.load(aborted, sizeIsKnown)) this.damaged.add(queue)
      }
    }
  }

  *[Symbol.iterator](): Iterator<ConsumeQueue> {
    for (const queues of this.#topics.values()) yield* queues.values()
  }

  topics(): Map<string, readonly number[]> {
    return new Map(
      [...this.#topics].map(([topic, queues]) => [topic, [...queues.keys()].sort((a, b) => a - b)]),
    )
  }

  /** Physical offset behind the last record any queue knows. */
  get maxPhysicalEnd(): number {
    let max = 0
    for (const queue of this) max = Math.max(max, queue.lastPhysicalEnd)
    return max
  }

  /**
   * Cuts all queues at a physical offset (section 6.3), `crashed` when they may be half written. The caller
   * syncs. Throws what `writeAll` throws.
   */
  cut(physicalOffset: number, crashed: boolean): void {
    this.writeAll()
    for (const queue of this) queue.cut(physicalOffset, crashed)
  }

  /** Forgets a topic and removes its files. */
  remove(topic: string): void {
    const queues = this.#topics.get(topic)
    if (queues === undefined) return
    this.#topics.delete(topic)
    for (const queue of queues.values()) this.#unwritten.delete(queue)
    this.#removeTree(`${this.#options.directory}/${topic}`)
  }

  /**
   * Removes the queues without a record at or behind `firstPhysicalOffset`, but none of a system topic and
   * none without entries yet; the next message of such a queue gets offset 0 again. Returns how many
   * (ConsumeQueueStore#cleanExpired). Throws DiskError.
   */
  removeExpired(firstPhysicalOffset: number): number {
    let removed = 0
    for (const [topic, queues] of this.#topics) {
      if (isSystemTopic(topic)) continue
      for (const [queueId, queue] of queues) {
        if (queue.nextOffset > queue.maxOffset || queue.lastPhysicalEnd === 0) continue
        if (queue.lastPhysicalEnd > firstPhysicalOffset) continue
        queues.delete(queueId)
        this.#unwritten.delete(queue)
        this.#removeTree(queue.directory)
        removed++
      }
      if (queues.size > 0) continue
      this.#topics.delete(topic)
      this.#removeTree(`${this.#options.directory}/${topic}`)
    }
    return removed
  }

  removeAll(): void {
    for (const topic of [...this.#topics.keys()]) this.remove(topic)
  }

  /** Writes every entry that is only in memory. Throws what the disk throws. */
  writeAll(): void {
    this.#cancelWrite?.()
    this.#cancelWrite = undefined
    for (const queue of this.#unwritten) {
      queue.write()
      this.#unwritten.delete(queue)
    }
    this.#unwrittenSize = 0
  }

  /** As `writeAll`, with pauses in between unless the store is stopping. */
  async writeEach(): Promise<void> {
    let left = WRITES_AT_ONCE
    for (const queue of [...this.#unwritten]) {
      if (!this.#unwritten.has(queue)) continue
      const size = queue.unwrittenSize
      queue.write()
      this.#unwritten.delete(queue)
      this.#unwrittenSize = Math.max(0, this.#unwrittenSize - size)
      if (--left > 0 || this.#syncsAtOnce === STOPPING_SYNCS) continue
      left = WRITES_AT_ONCE
      await new Promise<void>((resolve) => this.#options.clock.after(NEXT_CHECKPOINT_WRITES_MS, resolve))
    }
  }

  /** The store is stopping: thousands of files, synced one by one, would take longer than it has. */
  hurry(): void {
    this.#syncsAtOnce = STOPPING_SYNCS
  }

  /**
   * Makes all written entries and the names of their files durable. While the store is open one at a time: a
   * sync of the log always finds a thread.
   */
  async sync(atOnce = () => this.#syncsAtOnce): Promise<void> {
    const { disk, descriptors } = this.#options
    await takeEach(
      this.#unsyncedDirectories,
      async (directory) => {
        if (disk.exists(directory)) await disk.syncDirectory(directory)
      },
      atOnce,
    )
    await takeEach(
      this.#unsyncedFiles,
      async (path) => {
        if (disk.exists(path)) await syncFile(descriptors, path)
      },
      atOnce,
    )
  }

  /** No timer of this object fires any more. */
  close(): void {
    this.#closed = true
    this.#cancelWrite?.()
    this.#cancelWrite = undefined
  }

  #add(topic: string, queueId: number): ConsumeQueue {
    this.#madeCount++
    const queue = new ConsumeQueue(
      this.#context,
      topic,
      queueId,
      `${this.#options.directory}/${topic}/${queueId}`,
    )
    const queues = this.#topics.get(topic)
    if (queues === undefined) this.#topics.set(topic, new Map([[queueId, queue]]))
    else queues.set(queueId, queue)
    return queue
  }

  #grown(queue: ConsumeQueue): void {
    this.#unwritten.add(queue)
    this.#unwrittenSize += 20
    if (queue.unwrittenSize >= WRITE_AT_SIZE) this.#tryWrite(queue)
    else if (this.#unwrittenSize >= UNWRITTEN_SIZE_MAX) this.#tryWriteSome()
    else this.#armWrite(this.#options.writeIntervalMs)
  }

  #armWrite(delayMs: number): void {
    if (this.#closed || this.#cancelWrite !== undefined) return
    this.#cancelWrite = this.#options.clock.after(delayMs, () => {
      this.#cancelWrite = undefined
      this.#tryWriteSome()
    })
  }

  /** All that wait now, some at a time, and an interval later again: no queue is written more often. */
  #tryWriteSome(): void {
    if (this.#due.length === 0) this.#due = [...this.#unwritten].reverse()
    for (let left = WRITES_AT_ONCE; left > 0; ) {
      const queue = this.#due.pop()
      if (queue === undefined) break
      if (!this.#unwritten.has(queue)) continue
      this.#tryWrite(queue)
      left--
    }
    if (this.#due.length > 0) this.#armWrite(NEXT_WRITES_MS)
    else if (this.#unwritten.size > 0) this.#armWrite(this.#options.writeIntervalMs)
  }

  #tryWrite(queue: ConsumeQueue): void {
    const size = queue.unwrittenSize
    this.#unwrittenSize = Math.max(0, this.#unwrittenSize - size)
    this.#unwritten.delete(queue)
    try {
      queue.write()
    } catch (error) {
      this.#unwritten.add(queue)
      this.#unwrittenSize += size
      const code = diskErrorCode(error)
      if (code === undefined || code === 'EIO') return this.#options.onFailed(error)
      this.#options.log.warn('consume-queue-write', { topic: queue.topic, queueId: queue.queueId, code })
      this.#armWrite(this.#options.writeIntervalMs)
    }
  }

  #touched(path: string, made: boolean): void {
    this.#unsyncedFiles.add(path)
    if (!made) return
    const queueDirectory = path.slice(0, path.lastIndexOf('/'))
    const topicDirectory = queueDirectory.slice(0, queueDirectory.lastIndexOf('/'))
    for (const directory of [queueDirectory, topicDirectory, this.#options.directory]) {
      this.#unsyncedDirectories.add(directory)
    }
  }

  #removeTree(directory: string): void {
    this.#options.descriptors.retireTree(directory)
    for (const path of this.#unsyncedFiles)
      if (path.startsWith(`${directory}/`)) this.#unsyncedFiles.delete(path)
    this.#options.disk.removeTree(directory)
  }
}
