import type { Env } from '@rockhopper/env'
import { MqError, type RecordDraft } from '@rockhopper/message'
import { isFiller, UNIT_SIZE, unitPhysicalOffset, unitSize, unitTagsCode } from './consume-queue-unit.js'
import { getMessage, type ReadContext } from './get-message.js'
import type {
  AdvanceEvent,
  ArrivalListener,
  BatchElement,
  GetMessageQuery,
  GetMessageResult,
  MessageStore,
  PlaceResult,
  PutResult,
  QueueEntry,
  StoreState,
  Watermarks,
} from './message-store.js'
import { reserved, reservedElement, withoutPropertyCrc } from './property-crc.js'
import type { QuarantinedRange } from './quarantine.js'
import { readRecordAt, recordTopic } from './queue-records.js'
import { type StoreConfigInput, storeConfig } from './store-config.js'
import { StoreCore } from './store-core.js'
import { offsetByTimestamp, recordStoreTime, storeTimeOf } from './time-search.js'

/** The parts of Env a store uses. */
export type StoreEnv = Pick<Env, 'clock' | 'disk' | 'host' | 'log'>

export interface MessageStoreOptions {
  readonly env: StoreEnv
  readonly config: StoreConfigInput
  /** The disk failed and the store takes no more writes: called once. */
  onFatal?(error: Error): void
}

/** A store in a directory. Nothing is touched before `start`. */
export function createMessageStore(options: MessageStoreOptions): MessageStore {
  return new LocalMessageStore(options)
}

const RECORD_EXTRA_MAX = 64 * 1024

/** The reading side, and the refusals of the writing side; the machinery is StoreCore. */
class LocalMessageStore implements MessageStore {
  readonly #env: StoreEnv
  readonly #core: StoreCore

  constructor({ env, config, onFatal }: MessageStoreOptions) {
    this.#env = env
    this.#core = new StoreCore(env, storeConfig(config), onFatal ?? (() => {}))
  }

  start(): Promise<void> {
    return this.#core.start()
  }

  stop(): Promise<void> {
    return this.#core.stop()
  }

  get state(): StoreState {
    return this.#core.state
  }

  get watermarks(): Watermarks {
    return this.#core.watermarks
  }

  get writingMs(): number {
    return this.#core.writingMs
  }

  onAdvance(listener: (event: AdvanceEvent) => void): () => void {
    return this.#core.onAdvance(listener)
  }

  onArrival(listener: ArrivalListener): () => void {
    return this.#core.onArrival(listener)
  }

  place(draft: RecordDraft): PlaceResult {
    return this.#core.place(this.#reserved(draft))
  }

  placeBatch(draft: RecordDraft, elements: readonly BatchElement[]): PlaceResult {
    const { enabledAppendPropCRC } = this.#core.config
    return this.#core.placeBatch(draft, enabledAppendPropCRC ? elements.map(reservedElement) : elements)
  }

  put(draft: RecordDraft, needs?: 'written' | 'synced'): Promise<PutResult> {
    return this.#core.put(this.#reserved(draft), needs)
  }

  sync(): Promise<void> {
    return this.#core.sync()
  }

  async getMessage(query: GetMessageQuery): Promise<GetMessageResult> {
    const queue = this.#core.queues.get(query.topic, query.queueId)
    const result = await getMessage(this.#readContext(), queue, query)
    if (!this.#core.config.enabledAppendPropCRC || result.records.length === 0) return result
    const records = result.records.map(withoutPropertyCrc)
    return { ...result, records, spans: records }
  }

  async lookMessageByOffset(physicalOffset: number): Promise<Buffer | undefined> {
    const { reader, config, watermarks } = this.#core
    if (physicalOffset < this.minPhysicalOffset) return undefined
    const sizeMax = config.maxMessageSize + RECORD_EXTRA_MAX
    const record = await readRecordAt(reader, physicalOffset, watermarks.readable, sizeMax)
    return record && withoutPropertyCrc(record)
  }

  async queryMessage(
    topic: string,
    key: string,
    countMax: number,
    begin: number,
    end: number,
  ): Promise<Buffer[]> {
    const found: Buffer[] = []
    for (const physicalOffset of this.#core.indexedOffsets(topic, key, countMax, begin, end)) {
      const record = await this.lookMessageByOffset(physicalOffset)
      if (record !== undefined && recordTopic(record) === topic) found.push(record)
    }
    return found
  }

  minOffset(topic: string, queueId: number): number {
    return this.#core.queues.get(topic, queueId)?.minOffset ?? 0
  }

  maxOffset(topic: string, queueId: number): number {
    return this.#core.queues.get(topic, queueId)?.maxOffset ?? 0
  }

  async offsetByTimestamp(
    topic: string,
    queueId: number,
    timestamp: number,
    boundary: 'LOWER' | 'UPPER',
  ): Promise<number> {
    const queue = this.#core.queues.get(topic, queueId)
    return queue === undefined ? 0 : offsetByTimestamp(this.#readContext(), queue, timestamp, boundary)
  }

  earliestMessageTime(topic: string, queueId: number): Promise<number> {
    return this.storeTimeOf(topic, queueId, this.minOffset(topic, queueId))
  }

  async storeTimeOf(topic: string, queueId: number, queueOffset: number): Promise<number> {
    const queue = this.#core.queues.get(topic, queueId)
    return queue === undefined ? -1 : storeTimeOf(this.#readContext(), queue, queueOffset)
  }

  inMemory(topic: string, queueId: number, queueOffset: number): boolean {
    const queue = this.#core.queues.get(topic, queueId)
    if (queue === undefined || queueOffset < queue.minOffset || queueOffset >= queue.maxOffset) return false
    const unit = queue.read(queueOffset, 1)
    if (unit === undefined || unit.length === 0) return false
    const { readable, cachedSize } = this.#readContext()
    return readable - unitPhysicalOffset(unit, 0) <= cachedSize
  }

  async queueEntries(
    topic: string,
    queueId: number,
    from: number,
    countMax: number,
  ): Promise<readonly QueueEntry[]> {
    const queue = this.#core.queues.get(topic, queueId)
    const entries: QueueEntry[] = []
    if (queue === undefined) return entries
    for (let next = Math.max(from, queue.minOffset); entries.length < countMax; ) {
      const units = queue.read(next, countMax - entries.length)
      if (units === undefined || units.length === 0) break
      for (let at = 0; at < units.length; at += UNIT_SIZE, next++) {
        if (isFiller(units, at)) continue
        const physicalOffset = unitPhysicalOffset(units, at)
        entries.push({
          queueOffset: next,
          physicalOffset,
          size: unitSize(units, at),
          tagsCode: unitTagsCode(units, at),
        })
      }
    }
    return entries
  }

  earliestTime(): Promise<number> {
    return recordStoreTime(this.#core.reader, this.minPhysicalOffset, this.#core.watermarks.readable)
  }

  deleteExpiredFiles(): void {
    this.#core.retention.deleteManually()
  }

  cleanExpiredQueues(): number {
    return this.#core.queues.removeExpired(this.minPhysicalOffset)
  }

  diskUse(): { readonly commitLog: number; readonly consumeQueue: number } {
    return this.#core.retention.use()
  }

  deleteTopic(topic: string): Promise<void> {
    return this.#core.deleteTopic(topic)
  }

  topics(): ReadonlyMap<string, readonly number[]> {
    return this.#core.queues.topics()
  }

  appendRaw(physicalOffset: number, bytes: Uint8Array): Promise<void> {
    return this.#core.appendRaw(physicalOffset, bytes)
  }

  async readSpan(physicalOffset: number, sizeMax: number): Promise<Buffer> {
    const { reader, config, watermarks } = this.#core
    if (physicalOffset < this.minPhysicalOffset || physicalOffset > watermarks.readable) {
      throw new MqError(
        'ARGUMENT_ILLEGAL',
        `reading the log at ${physicalOffset}: it ends at ${watermarks.readable}`,
      )
    }
    const segmentLeft = config.mappedFileSizeCommitLog - (physicalOffset % config.mappedFileSizeCommitLog)
    const bytes = Buffer.alloc(Math.min(sizeMax, segmentLeft, watermarks.readable - physicalOffset))
    if ((await reader.read(physicalOffset, bytes)) !== 'missing') return bytes
    throw new MqError('DISK_FAILED', `reading ${bytes.length} bytes of the log at ${physicalOffset}`)
  }

  truncateTo(physicalOffset: number): Promise<void> {
    return this.#core.truncateTo(physicalOffset)
  }

  get minPhysicalOffset(): number {
    return this.#core.segments.first
  }

  get maxPhysicalOffset(): number {
    return this.#core.watermarks.readable
  }

  get quarantined(): readonly QuarantinedRange[] {
    return this.#core.quarantine.ranges
  }

  #reserved(draft: RecordDraft): RecordDraft {
    return this.#core.config.enabledAppendPropCRC ? reserved(draft) : draft
  }

  readonly #notFound: ReadContext['notFound'] = (...entry) => this.#core.derived.notFound(...entry)

  #readContext(): ReadContext {
    const { blocks, config, loans, reader, segments, watermarks } = this.#core
    const cachedSize = (this.#env.host.totalMemory * config.accessMessageInMemoryMaxRatio) / 100
    const { placed, readable } = watermarks
    const minPhysicalOffset = segments.first
    return {
      config,
      loans,
      reader,
      blocks,
      minPhysicalOffset,
      placed,
      readable,
      cachedSize,
      notFound: this.#notFound,
    }
  }
}
