import { javaHashCodeOfBytes, LastText, SystemTopic } from '@rockhopper/message'
import type { ConsumeQueue } from './consume-queue.js'
import type { ConsumeQueues } from './consume-queues.js'
import { dueTime } from './delay-level.js'
import type { MessageIndex } from './message-index.js'
import type { Arrival } from './message-store.js'
import { emptyProperties, type ScannedProperties, scanProperties } from './property-scan.js'
import type { ScannedRecord } from './record-scan.js'
import type { DeletedTopics } from './retention/deleted-topics.js'

const TRANSACTION_MASK = 0xc
const TRANSACTION_PREPARED = 0x4
const TRANSACTION_ROLLBACK = 0xc

/** What became of a record: `gap` when entries before it are missing and may be found earlier in the log. */
export type Dispatched = 'added' | 'known' | 'skipped' | 'gap'

export interface DispatchOptions {
  readonly queues: ConsumeQueues
  readonly index: MessageIndex | undefined
  readonly delayLevels: readonly number[]
  readonly deleted: DeletedTopics
}

/** Prepared and rolled back records have no queue entry (store-format.md section 3.5). */
export function isQueued(sysFlag: number): boolean {
  const transaction = sysFlag & TRANSACTION_MASK
  return transaction !== TRANSACTION_PREPARED && transaction !== TRANSACTION_ROLLBACK
}

/**
 * One record of the log into its queue and the index: the same live and in recovery (architecture.md section
 * 3). Doing it twice is harmless.
 */
export class Dispatch {
  readonly #options: DispatchOptions
  readonly #properties = emptyProperties()
  readonly #topic = new LastText()
  /** Of the last record added, for who tells others of it. */
  last: Arrival | undefined

  constructor(options: DispatchOptions) {
    this.#options = options
  }

  /**
   * `fillGaps`: entries missing before this one do not exist any more; fillers take their places. Else a gap
   * is reported and nothing added. Records before `doneTo` were dispatched by an earlier life of the store:
   * where their queue is missing it was deleted, and they do not make it again.
   */
  record(bytes: Buffer, record: ScannedRecord, fillGaps: boolean, doneTo = 0): Dispatched {
    scanProperties(bytes, record.propertiesAt, record.propertiesAt + record.propertiesSize, this.#properties)
    if ((record.sysFlag & TRANSACTION_MASK) !== TRANSACTION_ROLLBACK) {
      this.#options.index?.add(bytes, record, this.#properties)
    }
    if (!isQueued(record.sysFlag)) return 'skipped'
    const topic = this.#topic.text(bytes, record.topicAt, record.topicSize)
    const { deleted, queues } = this.#options
    if (deleted.has(topic, record.physicalOffset)) return 'skipped'
    const done = record.physicalOffset < doneTo
    const queue = done ? queues.get(topic, record.queueId) : queues.obtain(topic, record.queueId)
    if (queue === undefined) return 'skipped'
    return this.#enqueue(queue, bytes, record, fillGaps)
  }

  #enqueue(queue: ConsumeQueue, bytes: Buffer, record: ScannedRecord, fillGaps: boolean): Dispatched {
    const { queueOffset, physicalOffset, size, storeTimestamp } = record
    if (queueOffset < queue.maxOffset) {
      if (physicalOffset < queue.lastPhysicalEnd) return 'known'
      // The topic was deleted and made again: its offsets began anew. The entries there are of the old one.
      queue.reset()
    }
    if (queueOffset > queue.maxOffset && !fillGaps) return 'gap'
    const tagsCode = recordTagsCode(
      queue.topic,
      bytes,
      storeTimestamp,
      this.#properties,
      this.#options.delayLevels,
    )
    queue.append(queueOffset, physicalOffset, size, tagsCode)
    queue.nextOffset = Math.max(queue.nextOffset, queue.maxOffset)
    const { topic, queueId } = queue
    this.last = { topic, queueId, queueOffset, physicalOffset, size, tagsCode, storeTimestamp }
    return 'added'
  }
}

/** The hash of the tag; in the schedule topic the due time (CommitLog#checkMessageAndReturnSize). */
export function recordTagsCode(
  topic: string,
  bytes: Buffer,
  storeTimestamp: number,
  { tagsFrom, tagsTo, delayFrom, delayTo }: ScannedProperties,
  delayLevels: readonly number[],
): number {
  if (topic === SystemTopic.SCHEDULE && delayFrom >= 0) {
    const level = Number(bytes.toString('latin1', delayFrom, delayTo))
    if (level > 0) return dueTime(delayLevels, level, storeTimestamp)
  }
  return tagsFrom < 0 ? 0 : javaHashCodeOfBytes(bytes, tagsFrom, tagsTo)
}
