import type { RecordDraft } from '@rockhopper/message'
import type { QuarantinedRange } from './quarantine.js'

/**
 * A broker's store: commit log, consume queues, index, checkpoint. One writer, one event loop.
 *
 * `place` is synchronous and only assigns offsets and writes into the tail in memory. Nothing may be
 * acknowledged before a watermark passed the record's `end`: see `onAdvance`.
 */
export interface MessageStore {
  /**
   * Takes the lock, loads, recovers. Rejects with MqError (locked, wrong file size, unreadable config, ...).
   */
  start(): Promise<void>
  /**
   * Stops taking, writes and syncs everything, removes `abort`, releases the lock. Never rejects for an idle
   * store.
   */
  stop(): Promise<void>
  readonly state: StoreState
  /** placed >= written >= synced, physical offsets. `readable` is what pull, dispatch and min/max may see. */
  readonly watermarks: Watermarks
  /** Ms that the write of the log under way has taken, 0 when there is none. */
  readonly writingMs: number
  /**
   * Called after each advance of `written` or `synced`, and once with `failed` set; in order of
   * registration.
   */
  onAdvance(listener: (event: AdvanceEvent) => void): () => void
  /** Called for each record dispatched to its queue, after the queue entry can be read. */
  onArrival(listener: ArrivalListener): () => void

  /**
   * Refusals first (state, sizes), then places one record. Copies everything it needs out of `draft` before
   * it returns.
   */
  place(draft: RecordDraft): PlaceResult
  /**
   * Consecutive queue offsets in one append, or nothing of it. At most 4 MiB in all, and never across a
   * file.
   */
  placeBatch(draft: RecordDraft, elements: readonly BatchElement[]): PlaceResult
  /**
   * For all that is not hot: places and resolves when `needs` holds (default: the store's flush mode). Never
   * rejects.
   */
  put(draft: RecordDraft, needs?: 'written' | 'synced'): Promise<PutResult>
  /** Writes and syncs all that is placed, now. Resolves early when the disk refuses. */
  sync(): Promise<void>

  /**
   * Queue entries from `queueOffset` on, as whole records in as few buffers as possible. remoting.md section
   * 17, store-format.md section 16.
   */
  getMessage(query: GetMessageQuery): Promise<GetMessageResult>
  /** The record that starts at a physical offset, or undefined. */
  lookMessageByOffset(physicalOffset: number): Promise<Buffer | undefined>
  /**
   * Records of a topic with a UNIQ_KEY or one of KEYS of this hash, stored in [begin, end] ms, newest first
   * and at most `countMax`. Other keys may share the hash: whoever asked compares. store-format.md section
   * 9.
   */
  queryMessage(topic: string, key: string, countMax: number, begin: number, end: number): Promise<Buffer[]>
  /**
   * First queue offset that exists / next one to be assigned among readable records; 0 and 0 when there is
   * no such queue.
   */
  minOffset(topic: string, queueId: number): number
  maxOffset(topic: string, queueId: number): number
  /** store-format.md section 6.5. */
  offsetByTimestamp(
    topic: string,
    queueId: number,
    timestamp: number,
    boundary: 'LOWER' | 'UPPER',
  ): Promise<number>
  /** Store time of the oldest message of a queue, or -1. */
  earliestMessageTime(topic: string, queueId: number): Promise<number>
  /** Store time of the message at a queue offset, or -1. */
  storeTimeOf(topic: string, queueId: number, queueOffset: number): Promise<number>
  /**
   * True when the record is still in the tail or recently written: the test of remoting.md section 18, code
   * 14.
   */
  inMemory(topic: string, queueId: number, queueOffset: number): boolean
  /** Queue entries themselves, for delay levels, transactions and tools. `tagsCode` as stored. */
  queueEntries(topic: string, queueId: number, from: number, countMax: number): Promise<readonly QueueEntry[]>
  /** Store time of the oldest record of the log, or -1. */
  earliestTime(): Promise<number>
  /** The next 20 rounds of retention remove expired log files whatever the hour (code 329). */
  deleteExpiredFiles(): void
  /**
   * Removes the queues whose messages are all gone (code 306); returns how many. Their next message gets
   * queue offset 0. Throws DiskError.
   */
  cleanExpiredQueues(): number
  /** Shares, 0 to 1, of the disks of log and queues that are used. Throws DiskError. */
  diskUse(): { readonly commitLog: number; readonly consumeQueue: number }
  /**
   * Forgets a topic's queues and removes their files, at once; the next message of the topic gets offset 0.
   * Resolves when that outlasts a crash. Rejects with DiskError, and with MqError STORE_CLOSED.
   */
  deleteTopic(topic: string): Promise<void>
  topics(): ReadonlyMap<string, readonly number[]>

  /** HA hooks (architecture.md section 8). Raw bytes must continue the log exactly at `placed`. */
  appendRaw(physicalOffset: number, bytes: Uint8Array): Promise<void>
  /** Up to `sizeMax` bytes of the log; never crosses a segment, never beyond `readable`. */
  readSpan(physicalOffset: number, sizeMax: number): Promise<Buffer>
  /** Cuts log, queues, index and queue offsets at a physical offset, live. */
  truncateTo(physicalOffset: number): Promise<void>
  readonly minPhysicalOffset: number
  readonly maxPhysicalOffset: number
  /** What was durable and is damaged, ascending: readers go around it (docs/durability.md). */
  readonly quarantined: readonly QuarantinedRange[]
}

export type StoreState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'recovering'; readonly done: number; readonly total: number }
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly error: Error }

export interface Watermarks {
  readonly placed: number
  readonly written: number
  readonly synced: number
  readonly readable: number
}

export interface AdvanceEvent extends Watermarks {
  /** Set when records in [from, to) were given up: their tickets fail with `status`. */
  readonly lost?: {
    readonly from: number
    readonly to: number
    readonly status: LostStatus
    readonly remark: string
  }
}

/** How puts end that were placed and given up: no room or a failed disk, or one that cannot follow. */
export type LostStatus = 'SERVICE_NOT_AVAILABLE' | 'OS_PAGE_CACHE_BUSY'

/** Where the properties of a record that arrived lie: only until the listener returns. */
export interface ArrivedProperties {
  readonly bytes: Buffer
  readonly from: number
  readonly to: number
}

export interface Arrival {
  readonly topic: string
  readonly queueId: number
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly size: number
  readonly tagsCode: number
  readonly storeTimestamp: number
}

export type ArrivalListener = (arrival: Arrival, properties: ArrivedProperties) => void

/** remoting.md section 9.5 maps these to response codes. */
export type PutStatus =
  | 'PUT_OK'
  | 'FLUSH_DISK_TIMEOUT'
  | 'SERVICE_NOT_AVAILABLE'
  | 'MESSAGE_ILLEGAL'
  | 'PROPERTIES_SIZE_EXCEEDED'
  | 'OS_PAGE_CACHE_BUSY'
  | 'UNKNOWN_ERROR'

export interface Placed {
  readonly status: 'PUT_OK'
  /** Of the first record. */
  readonly physicalOffset: number
  readonly queueOffset: number
  readonly storeTimestamp: number
  /** Physical offset behind the last byte: durable when a watermark is at or above it. */
  readonly end: number
  /** Physical offset of each record of a batch. */
  readonly physicalOffsets?: readonly number[]
}

export type PlaceResult =
  | Placed
  | { readonly status: Exclude<PutStatus, 'PUT_OK' | 'FLUSH_DISK_TIMEOUT'>; readonly remark: string }
/** FLUSH_DISK_TIMEOUT: placed, and it may still become durable; the offsets are as for PUT_OK. */
export type PutResult =
  | PlaceResult
  | (Omit<Placed, 'status'> & { readonly status: 'FLUSH_DISK_TIMEOUT'; readonly remark: string })

export interface BatchElement {
  readonly flag: number
  readonly body: Uint8Array
  readonly properties: Uint8Array
}

export interface GetMessageQuery {
  readonly topic: string
  readonly queueId: number
  readonly queueOffset: number
  /** 1 to 32 of them are ever returned when hot. */
  readonly countMax: number
  /** Bytes; the first message always fits. */
  readonly sizeMax?: number
  /** Decides by queue entry; undefined takes all. */
  readonly matchesEntry?: (tagsCode: number) => boolean
  /** Decides by the record's properties, bytes[from, to), after `matchesEntry`. */
  readonly matchesProperties?: (bytes: Buffer, from: number, to: number) => boolean
  /** Asked behind each record that `matchesProperties` saw: true ends the read there. */
  readonly enough?: () => boolean
  /**
   * Who keeps the records until `release`, say a connection that sends them: then they lie in memory of the
   * store and `release` must be called. A holder that keeps too much waits in `getMessage` until it has
   * released some of it. Without a holder the records are the caller's own.
   */
  readonly holder?: object
}

/** store-format.md section 16. */
export type GetMessageStatus =
  | 'FOUND'
  | 'NO_MATCHED_MESSAGE'
  | 'MESSAGE_WAS_REMOVING'
  | 'OFFSET_FOUND_NULL'
  | 'OFFSET_OVERFLOW_BADLY'
  | 'OFFSET_OVERFLOW_ONE'
  | 'OFFSET_TOO_SMALL'
  | 'NO_MATCHED_LOGIC_QUEUE'
  | 'NO_MESSAGE_IN_QUEUE'

export interface GetMessageResult {
  readonly status: GetMessageStatus
  readonly nextBeginOffset: number
  readonly minOffset: number
  readonly maxOffset: number
  /** Records in order. Lent when the query named a holder, else owned by the caller. */
  readonly records: readonly Buffer[]
  /** The same bytes, records that lie side by side as one buffer: fewer pieces to send. */
  readonly spans: readonly Buffer[]
  /** Gives back what was lent; the records must not be read any more. Further calls do nothing. */
  readonly release: () => void
  readonly size: number
  /**
   * The batch ended further behind the end of the log than the share of memory of store-format.md section
   * 16.
   */
  readonly suggestPullingFromSlave: boolean
}

export interface QueueEntry {
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly size: number
  /** Sign-extended hash of the tag, or the due time in the schedule topic. */
  readonly tagsCode: number
}
