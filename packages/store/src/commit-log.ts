import type { Clock } from '@rockhopper/env'
import {
  BLANK_MAGIC,
  encodeRecord,
  isRetryTopic,
  PROPERTIES_SIZE_MAX,
  putI32,
  type RecordDraft,
  recordSize,
} from '@rockhopper/message'
import type { ConsumeQueue } from './consume-queue.js'
import { isQueued } from './dispatch.js'
import type { LogTail } from './log-tail.js'
import type { BatchElement, Placed, PlaceResult } from './message-store.js'
import { sealRecord } from './property-crc.js'
import type { StoreConfig } from './store-config.js'

const BLANK_SIZE = 8
const RECORD_EXTRA_MAX = 64 * 1024
const TOPIC_SIZE_MAX = 127
/** Bytes of a message in the body of a batch beside its own (remoting.md section 9.6). */
const BATCH_ENTRY_OVERHEAD = 22
const RETRY_TOPIC_SIZE_MAX = 255
/** More than this waiting for the disk is refused: memory is not a place to keep messages. */
const UNWRITTEN_SIZE_MAX = 32 * 1024 * 1024

/**
 * The placing end of the log: gives records their offsets and times and writes them into the tail, each call
 * in one synchronous step (store-format.md section 4). What became of them on disk is Flush's.
 */
export class CommitLog {
  readonly #config: StoreConfig
  readonly #appendsCrc: boolean
  readonly #clock: Clock
  readonly #tail: LogTail
  #placed = 0
  #lastStoreTimestamp = 0

  constructor(config: StoreConfig, clock: Clock, tail: LogTail) {
    this.#config = config
    this.#appendsCrc = config.enabledAppendPropCRC
    this.#clock = clock
    this.#tail = tail
  }

  get placed(): number {
    return this.#placed
  }

  get lastStoreTimestamp(): number {
    return this.#lastStoreTimestamp
  }

  /** The log goes on here: after recovery, when placed records were lost, and at a cut. */
  moveTo(physicalOffset: number): void {
    this.#placed = physicalOffset
    this.#tail.cut(physicalOffset)
  }

  /** Store times never fall in file order, whatever the clock does. */
  sawStoreTimestamp(storeTimestamp: number): void {
    this.#lastStoreTimestamp = Math.max(this.#lastStoreTimestamp, storeTimestamp)
  }

  /** Why a draft, whose record has `size` bytes, cannot be stored, or undefined. */
  refusal(draft: RecordDraft, size: number, written: number): Exclude<PlaceResult, Placed> | undefined {
    return topicRefusal(draft.topic) ?? this.#sizeRefusal(draft, size) ?? this.#busy(size, written)
  }

  /** The same for a batch. */
  batchRefusal(
    draft: RecordDraft,
    elements: readonly BatchElement[],
    written: number,
  ): Exclude<PlaceResult, Placed> | undefined {
    if (Buffer.byteLength(draft.topic) > TOPIC_SIZE_MAX)
      return { status: 'MESSAGE_ILLEGAL', remark: 'the topic is too long' }
    if (elements.length === 0) return { status: 'MESSAGE_ILLEGAL', remark: 'the batch is empty' }
    let wireSize = 0
    for (const { body, properties } of elements) {
      if (properties.length > PROPERTIES_SIZE_MAX) {
        const remark = `the properties have ${properties.length} bytes`
        return { status: 'PROPERTIES_SIZE_EXCEEDED', remark }
      }
      wireSize += BATCH_ENTRY_OVERHEAD + body.length + properties.length
    }
    // As in MessageExtEncoder#encode of a batch. Bodies alone would leave a batch of empty ones unbounded.
    if (wireSize > this.#config.maxMessageSize)
      return { status: 'MESSAGE_ILLEGAL', remark: `the batch has ${wireSize} bytes` }
    const size = batchSize(draft, elements)
    if (size + BLANK_SIZE > this.#config.mappedFileSizeCommitLog) {
      return { status: 'MESSAGE_ILLEGAL', remark: `a batch of ${size} bytes does not fit into one file` }
    }
    return this.#busy(size, written)
  }

  /** `size` is that of the record (recordSize). */
  place(draft: RecordDraft, size: number, queue: ConsumeQueue): Placed {
    const physicalOffset = this.#roomFor(size)
    const storeTimestamp = this.#now()
    const queued = isQueued(draft.sysFlag)
    const queueOffset = queued ? queue.nextOffset : 0
    const { bytes, at } = this.#tail.reserve(physicalOffset, size)
    encodeRecord(draft, { queueOffset, physicalOffset, storeTimestamp }, bytes, at)
    if (this.#appendsCrc) sealRecord(bytes, at, size)
    this.#take(size)
    if (queued) queue.nextOffset++
    return { status: 'PUT_OK', physicalOffset, queueOffset, storeTimestamp, end: this.#placed }
  }

  placeBatch(draft: RecordDraft, elements: readonly BatchElement[], queue: ConsumeQueue): Placed {
    const size = batchSize(draft, elements)
    const first = this.#roomFor(size)
    const storeTimestamp = this.#now()
    const { bytes, at } = this.#tail.reserve(first, size)
    const physicalOffsets: number[] = []
    let done = 0
    for (const element of elements) {
      const place = {
        queueOffset: queue.nextOffset + physicalOffsets.length,
        physicalOffset: first + done,
        storeTimestamp,
      }
      physicalOffsets.push(first + done)
      const size = encodeRecord(elementDraft(draft, element), place, bytes, at + done)
      if (this.#appendsCrc) sealRecord(bytes, at + done, size)
      done += size
    }
    this.#take(size)
    const queueOffset = queue.nextOffset
    queue.nextOffset += elements.length
    return {
      status: 'PUT_OK',
      physicalOffset: first,
      queueOffset,
      storeTimestamp,
      end: this.#placed,
      physicalOffsets,
    }
  }

  /**
   * Bytes of another log that continue this one; they may begin and end inside of a record, and lie in one
   * file.
   */
  append(from: Uint8Array): void {
    const pieceMax = 256 * 1024
    for (let done = 0; done < from.length; done += pieceMax) {
      const piece = from.subarray(done, done + pieceMax)
      const { bytes, at } = this.#tail.reserve(this.#placed, piece.length)
      bytes.set(piece, at)
      this.#take(piece.length)
    }
  }

  /** Where a record of this size goes: here, or behind a blank in the next file (section 3.2). */
  #roomFor(size: number): number {
    const segmentSize = this.#config.mappedFileSizeCommitLog
    const remaining = segmentSize - (this.#placed % segmentSize)
    if (size + BLANK_SIZE <= remaining) return this.#placed
    const { bytes, at } = this.#tail.reserve(this.#placed, BLANK_SIZE)
    putI32(bytes, at, remaining)
    putI32(bytes, at + 4, BLANK_MAGIC)
    this.#placed += remaining
    this.#tail.commit(BLANK_SIZE, this.#placed)
    return this.#placed
  }

  #take(size: number): void {
    this.#placed += size
    this.#tail.commit(size, this.#placed)
  }

  #now(): number {
    this.#lastStoreTimestamp = Math.max(this.#lastStoreTimestamp, this.#clock.now())
    return this.#lastStoreTimestamp
  }

  #sizeRefusal(draft: RecordDraft, size: number): Exclude<PlaceResult, Placed> | undefined {
    const { maxMessageSize, mappedFileSizeCommitLog } = this.#config
    if (draft.body.length > maxMessageSize) {
      return {
        status: 'MESSAGE_ILLEGAL',
        remark: `the body has ${draft.body.length} bytes, the limit is ${maxMessageSize}`,
      }
    }
    const propertiesSize = draft.properties.length + (draft.propertiesTail?.length ?? 0)
    if (propertiesSize > PROPERTIES_SIZE_MAX) {
      return { status: 'PROPERTIES_SIZE_EXCEEDED', remark: `the properties have ${propertiesSize} bytes` }
    }
    if (size > maxMessageSize + RECORD_EXTRA_MAX || size + BLANK_SIZE > mappedFileSizeCommitLog) {
      return { status: 'MESSAGE_ILLEGAL', remark: `the record has ${size} bytes` }
    }
    return undefined
  }

  #busy(size: number, written: number): Exclude<PlaceResult, Placed> | undefined {
    if (this.#placed - written + size <= UNWRITTEN_SIZE_MAX) return undefined
    return { status: 'OS_PAGE_CACHE_BUSY', remark: 'too many bytes wait for the disk' }
  }
}

function topicRefusal(topic: string): Exclude<PlaceResult, Placed> | undefined {
  // A UTF-16 unit takes three bytes at most: short names need no count.
  if (topic.length * 3 <= TOPIC_SIZE_MAX) return undefined
  const topicSize = Buffer.byteLength(topic)
  if (topicSize <= (isRetryTopic(topic) ? RETRY_TOPIC_SIZE_MAX : TOPIC_SIZE_MAX)) return undefined
  return { status: 'MESSAGE_ILLEGAL', remark: `the topic has ${topicSize} bytes` }
}

function batchSize(draft: RecordDraft, elements: readonly BatchElement[]): number {
  const overhead = recordSize(elementDraft(draft, EMPTY_ELEMENT))
  return elements.reduce((size, { body, properties }) => size + overhead + body.length + properties.length, 0)
}

const EMPTY_ELEMENT: BatchElement = { flag: 0, body: Buffer.alloc(0), properties: Buffer.alloc(0) }

/** An element shares all but its own three parts with the batch (MessageExtEncoder#encode of a batch). */
function elementDraft(draft: RecordDraft, { flag, body, properties }: BatchElement): RecordDraft {
  const { propertiesTail: _, ...shared } = draft
  return { ...shared, flag, body, properties, preparedTransactionOffset: 0 }
}
