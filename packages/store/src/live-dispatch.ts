import type { CommitLog } from './commit-log.js'
import type { ConsumeQueues } from './consume-queues.js'
import { type Dispatch, isQueued } from './dispatch.js'
import type { Integrity } from './integrity.js'
import { followLog } from './log-follow.js'
import type { LogReader } from './log-reader.js'
import type { LogTail } from './log-tail.js'
import type { ArrivalListener } from './message-store.js'
import type { DeletedTopics } from './retention/deleted-topics.js'

export interface LiveDispatchOptions {
  readonly dispatch: Dispatch
  readonly integrity: Integrity
  readonly queues: ConsumeQueues
  readonly log: CommitLog
  readonly tail: LogTail
  readonly reader: LogReader
  readonly segmentSize: number
  readonly deleted: DeletedTopics
}

/** Follows the readable end of an open store and tells of arrivals. */
export class LiveDispatch {
  readonly #options: LiveDispatchOptions
  readonly #listeners = new Set<ArrivalListener>()
  #end = 0
  #storeTimestamp = 0
  #running = false
  /** Reused: an arrival leaves no garbage for who does not look. */
  readonly #properties = { bytes: Buffer.alloc(0) as Buffer, from: 0, to: 0 }

  constructor(options: LiveDispatchOptions) {
    this.#options = options
  }

  /** Physical offset behind the last record dispatched, and its store time. */
  get reached(): { readonly logEnd: number; readonly storeTimestamp: number } {
    return { logEnd: this.#end, storeTimestamp: this.#storeTimestamp }
  }

  onArrival(listener: ArrivalListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  moveTo(physicalOffset: number, storeTimestamp = this.#storeTimestamp): void {
    this.#end = physicalOffset
    this.#storeTimestamp = storeTimestamp
  }

  /**
   * Dispatches up to `readable`. A listener may place messages; what they make readable comes in a later
   * call.
   */
  advance(readable: number): void {
    if (this.#running) return
    const { dispatch, integrity, log, tail, reader, segmentSize } = this.#options
    this.#running = true
    try {
      this.#end = followLog(tail, reader, segmentSize, this.#end, readable, (bytes, record) => {
        const outcome = dispatch.record(bytes, record, true)
        integrity.note(bytes, record)
        this.#storeTimestamp = record.storeTimestamp
        log.sawStoreTimestamp(record.storeTimestamp)
        const arrival = dispatch.last
        if (outcome !== 'added' || arrival === undefined) return
        const properties = this.#properties
        properties.bytes = bytes
        properties.from = record.propertiesAt
        properties.to = record.propertiesAt + record.propertiesSize
        for (const listener of this.#listeners) listener(arrival, properties)
      })
    } finally {
      this.#running = false
    }
  }

  /** What was placed behind `written` is gone: the next queue offsets follow what is left. */
  retractQueueOffsets(written: number): void {
    const { deleted, queues, tail, reader, segmentSize } = this.#options
    for (const queue of queues) queue.nextOffset = queue.maxOffset
    followLog(tail, reader, segmentSize, this.#end, written, (bytes, record) => {
      if (!isQueued(record.sysFlag)) return
      const topic = bytes.toString('utf8', record.topicAt, record.topicAt + record.topicSize)
      if (deleted.has(topic, record.physicalOffset)) return
      const queue = queues.get(topic, record.queueId)
      if (queue !== undefined) queue.nextOffset = record.queueOffset + 1
    })
  }
}
