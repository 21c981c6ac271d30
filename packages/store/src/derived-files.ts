import type { Disk, Log } from '@rockhopper/env'
import { isSystemTopic, MqError } from '@rockhopper/message'
import type { ConsumeQueue } from './consume-queue.js'
import type { ConsumeQueues } from './consume-queues.js'
import { diskErrorCode, rethrowAssertion } from './full-write.js'
import type { LogSegments } from './log-segments.js'
import type { MessageIndex } from './message-index.js'
import type { Quarantine } from './quarantine.js'
import type { DeletedTopics } from './retention/deleted-topics.js'
import { type StateFile, stateFile } from './state-file.js'
import type { StoreConfig } from './store-config.js'

type QueueRow = readonly [topic: string, queueId: number, fileOffset: number, lastPhysicalEnd: number]
type IndexRow = readonly [name: string, entryCount: number, endPhysicalOffset: number]

/** What there was at one moment. */
export interface DerivedList {
  readonly sizes: readonly number[]
  /** First physical offset of the log. */
  readonly first: number
  readonly queues: readonly QueueRow[]
  readonly index: readonly IndexRow[]
}

export interface DerivedFilesOptions {
  readonly disk: Disk
  readonly log: Log
  readonly path: string
  readonly config: StoreConfig
  readonly queues: ConsumeQueues
  readonly index: MessageIndex | undefined
  readonly segments: LogSegments
  readonly quarantine: Quarantine
}

/** Of a queue with entries that cannot be right: no queue reaches as far, so it is made again. */
const NEVER_REACHED = Number.MAX_SAFE_INTEGER

/**
 * The queues and index files there were, durable, at a checkpoint. A start reads the newest part of the log
 * only: what is lost of older records would not be missed there. The file is our own; nothing depends on it
 * but that, and without it nothing is missed:
 *
 *     <store>/rockhopper/derived.json
 *     {"version":1,
 *      "sizes":[bytes of a queue file, slots of an index file, its entries],
 *      "first":physical offset where the log began,
 *      "queues":[[topic, queueId, queueOffset of its first file, physical offset behind its last record]],
 *      "index":[[name, entryCount, endPhysicalOffset]]}
 */
export class DerivedFiles {
  readonly #options: DerivedFilesOptions
  readonly #sizes: readonly number[]
  readonly #file: StateFile
  readonly #suspects = new Set<ConsumeQueue>()
  #known: DerivedList | undefined
  #savedShape = ''
  #shape = ''

  constructor(options: DerivedFilesOptions) {
    const { disk, path, config } = options
    this.#options = options
    this.#sizes = [config.mappedFileSizeConsumeQueue, config.maxHashSlotNum, config.maxIndexNum]
    this.#file = stateFile(disk, path)
  }

  /** Reads the list. What cannot be read is not known: no start fails for it. */
  load(): void {
    try {
      this.#known = this.#file.load(parse)
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      this.#options.log.warn('derived-files-unreadable', { error: error.message })
    }
  }

  /** There was a list that can be read. */
  get isKnown(): boolean {
    return this.#known !== undefined
  }

  /** These are the sizes the files were made with: a file of another size is damaged. */
  get sizesAreKnown(): boolean {
    return this.#known?.sizes.join() === this.#sizes.join()
  }

  /**
   * There is no record where an entry of a queue says. Unless it went, or the log is damaged there, the entry
   * is wrong: the queue is made again at the next start.
   */
  notFound(queue: ConsumeQueue, physicalOffset: number, size: number): void {
    const { quarantine, segments } = this.#options
    if (physicalOffset >= 0 && physicalOffset + size <= segments.first) return
    if (this.#suspects.has(queue) || quarantine.overlaps(physicalOffset, size)) return
    const { topic, queueId } = queue
    this.#options.log.warn('consume-queue-damaged', { topic, queueId })
    this.#suspects.add(queue)
  }

  /** What there is now, for `save`; undefined when it is what was saved last, but for its growth. */
  changed(): DerivedList | undefined {
    const { index, queues, segments } = this.#options
    let count = 0
    let offsets = 0
    for (const { fileOffset, lastPhysicalEnd } of queues) {
      if (lastPhysicalEnd > 0) count++
      offsets += fileOffset
    }
    const shape = [queues.madeCount, count, offsets, index?.fileRows.length, segments.first]
    this.#shape = `${shape.join()},${this.#suspects.size}`
    return this.#shape === this.#savedShape ? undefined : this.now()
  }

  now(): DerivedList {
    const { index, queues, segments } = this.#options
    const rows: QueueRow[] = []
    for (const queue of queues) {
      const { topic, queueId, fileOffset, lastPhysicalEnd } = queue
      const end = this.#suspects.has(queue) ? NEVER_REACHED : lastPhysicalEnd
      if (end > 0) rows.push([topic, queueId, fileOffset, end])
    }
    return { sizes: this.#sizes, first: segments.first, queues: rows, index: index?.fileRows ?? [] }
  }

  /** Everything listed is durable. Without the list nothing is lost: what the disk refuses is logged. */
  async save(list: DerivedList): Promise<void> {
    try {
      await this.#file.save(JSON.stringify({ version: 1, ...list }))
      this.#savedShape = this.#shape
    } catch (error) {
      rethrowAssertion(error)
      this.#options.log.warn('derived-files', { code: diskErrorCode(error) ?? String(error) })
    }
  }

  /** The log is cut: what there was may be gone rightly. */
  forget(): void {
    const { disk, path } = this.#options
    this.#savedShape = ''
    disk.remove(path)
    disk.remove(`${path}.bak`)
  }

  /**
   * Topics whose queues are all gone and that the broker's topics.json, if there is one, does not have: they
   * were deleted while another broker had the store, which leaves no mark of ours.
   */
  topicsDeletedElsewhere(topicsText: string | undefined): string[] {
    if (topicsText === undefined) return []
    const known = this.#options.queues.topics()
    const listed = new Set((this.#known ?? NOTHING_KNOWN).queues.map(([topic]) => topic))
    return [...listed].filter(
      (topic) => !known.has(topic) && !isSystemTopic(topic) && !topicsText.includes(JSON.stringify(topic)),
    )
  }

  /**
   * The queues that lost entries neither to retention nor to the deletion of their topics; those that are
   * gone are made in memory. `lastExitOk`: nothing was written since the list.
   */
  damagedQueues(deleted: DeletedTopics, lastExitOk: boolean): ConsumeQueue[] {
    const { queues, segments } = this.#options
    const damaged: ConsumeQueue[] = []
    const { queues: rows, first } = this.#known ?? NOTHING_KNOWN
    for (const [topic, queueId, fileOffset, lastPhysicalEnd] of rows) {
      if (lastPhysicalEnd <= segments.first || deleted.has(topic, lastPhysicalEnd - 1)) continue
      const queue = queues.obtain(topic, queueId)
      if (queue === undefined) continue
      // Retention takes files of a queue only after files of the log.
      const keptFiles = lastExitOk || segments.first === first
      if (queue.lastPhysicalEnd < lastPhysicalEnd || (keptFiles && queue.fileOffset > fileOffset))
        damaged.push(queue)
    }
    return damaged
  }

  /** Whether a file of the index, or entries of it, are lost. */
  isIndexDamaged(lastExitOk: boolean): boolean {
    const { index, segments } = this.#options
    if (index === undefined) return false
    const found = new Map(index.fileRows.map(([name, entryCount]) => [name, entryCount]))
    return (this.#known ?? NOTHING_KNOWN).index.some(([name, entryCount, endPhysicalOffset]) => {
      if (endPhysicalOffset < segments.first) return false
      const count = found.get(name)
      return count === undefined || (lastExitOk ? count !== entryCount : count < entryCount)
    })
  }
}

const NOTHING_KNOWN: DerivedList = { sizes: [], first: 0, queues: [], index: [] }

function parse(text: string): DerivedList {
  const { version, ...list } = JSON.parse(text) as { version: unknown } & Record<keyof DerivedList, unknown>
  const { sizes, first, queues, index } = list
  const whole =
    version === 1 &&
    areNumbers(sizes) &&
    Number.isSafeInteger(first) &&
    areRows(queues, 4) &&
    areRows(index, 3)
  if (!whole) throw new MqError('STORE_CORRUPT', 'reading the list of queues: an unknown form')
  return list as DerivedList
}

/** A name and numbers. */
function areRows(rows: unknown, length: number): boolean {
  const isRow = (row: unknown) =>
    Array.isArray(row) && row.length === length && typeof row[0] === 'string' && areNumbers(row.slice(1))
  return Array.isArray(rows) && rows.every(isRow)
}

function areNumbers(values: unknown): boolean {
  return Array.isArray(values) && values.every(Number.isSafeInteger)
}
