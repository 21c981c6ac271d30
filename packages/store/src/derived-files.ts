import type { Disk, Log } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import type { ConsumeQueue } from './consume-queue.js'
import type { ConsumeQueues } from './consume-queues.js'
import type { LogSegments } from './log-segments.js'
import type { MessageIndex } from './message-index.js'
import type { DeletedTopics } from './retention/deleted-topics.js'
import { type StateFile, stateFile } from './state-file.js'

type QueueRow = readonly [topic: string, queueId: number, fileOffset: number, lastPhysicalEnd: number]
type IndexRow = readonly [name: string, entryCount: number, endPhysicalOffset: number]

interface Known {
  readonly queues: readonly QueueRow[]
  readonly index: readonly IndexRow[]
}

interface Found {
  readonly queues: ConsumeQueues
  readonly index: MessageIndex | undefined
  readonly segments: LogSegments
  readonly deleted: DeletedTopics
  readonly log: Log
  /** Nothing was written since the list. */
  readonly lastExitOk: boolean
}

/**
 * The queues and index files there were when the store was last stopped properly. A start reads the newest
 * part of the log only: what is lost of older records would not be missed there. The file is our own;
 * nothing depends on it but that, and without it nothing is missed:
 *
 *     <store>/rockhopper/derived.json
 *     {"version":1,
 *      "queues":[[topic, queueId, queueOffset of its first file, physical offset behind its last record]],
 *      "index":[[name, entryCount, endPhysicalOffset]]}
 */
export class DerivedFiles {
  readonly #disk: Disk
  readonly #path: string
  readonly #file: StateFile

  constructor(disk: Disk, path: string) {
    this.#disk = disk
    this.#path = path
    this.#file = stateFile(disk, path)
  }

  /** Rejects with DiskError. */
  async save(queues: ConsumeQueues, index: MessageIndex | undefined): Promise<void> {
    const queueRows: QueueRow[] = []
    for (const { topic, queueId, fileOffset, lastPhysicalEnd } of queues)
      if (lastPhysicalEnd > 0) queueRows.push([topic, queueId, fileOffset, lastPhysicalEnd])
    const known = { version: 1, queues: queueRows, index: index?.fileRows ?? [] }
    await this.#file.save(JSON.stringify(known))
  }

  /** The log was cut: what there was may be gone rightly. */
  forget(): void {
    this.#disk.remove(this.#path)
    this.#disk.remove(`${this.#path}.bak`)
  }

  /**
   * What lost entries that neither retention nor the deletion of a topic took. Queues that are gone are made
   * in memory.
   */
  damaged(found: Found): { readonly queues: readonly ConsumeQueue[]; readonly index: boolean } {
    const known = this.#load(found.log)
    return { queues: damagedQueues(known.queues, found), index: isIndexDamaged(known.index, found) }
  }

  /** What cannot be read is not known: no start fails for it. */
  #load(log: Log): Known {
    try {
      return this.#file.load(parse) ?? { queues: [], index: [] }
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      log.warn('derived-files-unreadable', { error: error.message })
      return { queues: [], index: [] }
    }
  }
}

function damagedQueues(
  rows: readonly QueueRow[],
  { queues, segments, deleted, lastExitOk }: Found,
): ConsumeQueue[] {
  const damaged: ConsumeQueue[] = []
  for (const [topic, queueId, fileOffset, lastPhysicalEnd] of rows) {
    if (lastPhysicalEnd <= segments.first || deleted.has(topic, lastPhysicalEnd - 1)) continue
    const queue = queues.obtain(topic, queueId)
    if (queue === undefined) continue
    const short = queue.lastPhysicalEnd < lastPhysicalEnd
    if (short || (lastExitOk && queue.fileOffset > fileOffset)) damaged.push(queue)
  }
  return damaged
}

function isIndexDamaged(rows: readonly IndexRow[], { index, segments, lastExitOk }: Found): boolean {
  if (index === undefined) return false
  const found = new Map(index.fileRows.map(([name, entryCount]) => [name, entryCount]))
  return rows.some(([name, entryCount, endPhysicalOffset]) => {
    if (endPhysicalOffset < segments.first) return false
    const count = found.get(name)
    return count === undefined || (lastExitOk ? count !== entryCount : count < entryCount)
  })
}

function parse(text: string): Known {
  const { version, queues, index } = JSON.parse(text) as { version: unknown; queues: unknown; index: unknown }
  if (version !== 1) throw new Error(`version ${String(version)}`)
  return { queues: rowsOf<QueueRow>(queues, 4), index: rowsOf<IndexRow>(index, 3) }
}

/** A name and numbers. */
function rowsOf<T extends readonly unknown[]>(rows: unknown, length: number): T[] {
  const isRow = (row: unknown) =>
    Array.isArray(row) &&
    row.length === length &&
    typeof row[0] === 'string' &&
    row.slice(1).every(Number.isSafeInteger)
  if (!Array.isArray(rows) || !rows.every(isRow)) throw new Error('rows of an unknown form')
  return rows as T[]
}
