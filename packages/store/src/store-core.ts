import type { Env } from '@rockhopper/env'
import { MqError, type RecordDraft } from '@rockhopper/message'
import { Checkpoint } from './checkpoint.js'
import { CheckpointRound } from './checkpoint-round.js'
import { CommitLog } from './commit-log.js'
import type { ConsumeQueue } from './consume-queue.js'
import { ConsumeQueues } from './consume-queues.js'
import { parseDelayLevels } from './delay-level.js'
import { Descriptors } from './descriptors.js'
import { Dispatch, isQueued } from './dispatch.js'
import { Flush } from './flush.js'
import { diskErrorCode } from './full-write.js'
import { followLog } from './log-follow.js'
import { LogReader } from './log-reader.js'
import { LogSegments } from './log-segments.js'
import { LogTail } from './log-tail.js'
import { firstStoreTimestamp } from './log-walk.js'
import type { MessageIndex } from './message-index.js'
import type {
  AdvanceEvent,
  Arrival,
  BatchElement,
  Placed,
  PlaceResult,
  PutResult,
  StoreState,
  Watermarks,
} from './message-store.js'
import { PutWaiters } from './put-waiters.js'
import { recover } from './recovery.js'
import type { StoreConfig } from './store-config.js'
import { StoreFiles } from './store-files.js'

type Refused = Exclude<PlaceResult, Placed>

/**
 * The machinery of a store: what is placed, written, synced and dispatched, and in which order.
 *
 *     place -> tail -> [end of turn] write -> sync -> readable -> dispatch -> listeners
 */
export class StoreCore {
  readonly config: StoreConfig
  readonly segments: LogSegments
  readonly queues: ConsumeQueues
  readonly reader: LogReader
  readonly #env: Pick<Env, 'clock' | 'disk' | 'host' | 'log'>
  readonly #onFatal: (error: Error) => void
  readonly #files: StoreFiles
  readonly #descriptors: Descriptors
  readonly #tail = new LogTail()
  readonly #log: CommitLog
  readonly #flush: Flush
  readonly #index: MessageIndex | undefined
  readonly #dispatch: Dispatch
  readonly #checkpoint: Checkpoint
  readonly #round: CheckpointRound
  readonly #waiters: PutWaiters
  readonly #advanceListeners = new Set<(event: AdvanceEvent) => void>()
  readonly #arrivalListeners = new Set<(arrival: Arrival) => void>()
  #state: StoreState = { kind: 'stopped' }
  /** Why nothing may be placed although the store is open. */
  #held: string | undefined
  #dispatched = 0
  #dispatching = false
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  constructor(env: Pick<Env, 'clock' | 'disk' | 'host' | 'log'>, config: StoreConfig, onFatal: (error: Error) => void) {
    const { clock, disk, host, log } = env
    this.#env = env
    this.config = config
    this.#onFatal = onFatal
    const onFailed = (error: unknown) => this.#fail(error)
    this.#files = new StoreFiles(disk, host, config.storePathRootDir)
    this.#descriptors = new Descriptors(disk)
    this.segments = new LogSegments(disk, this.#descriptors, this.#files.commitLog, config.mappedFileSizeCommitLog)
    this.reader = new LogReader(this.segments, this.#tail, clock)
    this.queues = new ConsumeQueues({
      disk,
      clock,
      log,
      descriptors: this.#descriptors,
      directory: this.#files.consumeQueue,
      fileSize: config.mappedFileSizeConsumeQueue,
      writeIntervalMs: config.flushIntervalConsumeQueue,
      onFailed,
    })
    this.#index = undefined
    const delayLevels = parseDelayLevels(config.messageDelayLevel)
    this.#dispatch = new Dispatch({ queues: this.queues, index: this.#index, delayLevels })
    this.#log = new CommitLog(config, clock, this.#tail)
    this.#waiters = new PutWaiters(clock, config.syncFlushTimeout)
    this.#flush = new Flush({
      clock,
      segments: this.segments,
      tail: this.#tail,
      syncAtOnce: config.flushDiskType === 'SYNC_FLUSH',
      intervalMs: config.flushIntervalCommitLog,
      placed: () => this.#log.placed,
      advanced: () => this.#advanced(),
      lost: (error) => this.#lost(error),
      failed: onFailed,
    })
    this.#checkpoint = new Checkpoint(disk, this.#files.checkpoint)
    this.#round = new CheckpointRound({
      clock,
      log,
      intervalMs: config.checkpointInterval,
      checkpoint: this.#checkpoint,
      queues: this.queues,
      index: this.#index,
      dispatched: () => ({ storeTimestamp: this.#dispatchedTime, logEnd: this.#dispatched }),
      synced: (logEnd) => this.#syncedTo(logEnd),
      onFailed,
    })
  }

  #dispatchedTime = 0

  get state(): StoreState {
    return this.#state
  }

  get watermarks(): Watermarks {
    const { written, synced } = this.#flush
    // After a failure of the disk only what is known to be durable may be shown.
    const durableOnly = this.config.flushDiskType === 'SYNC_FLUSH' || this.#state.kind === 'failed'
    return { placed: this.#log.placed, written, synced, readable: durableOnly ? synced : written }
  }

  onAdvance(listener: (event: AdvanceEvent) => void): () => void {
    this.#advanceListeners.add(listener)
    return () => void this.#advanceListeners.delete(listener)
  }

  onArrival(listener: (arrival: Arrival) => void): () => void {
    this.#arrivalListeners.add(listener)
    return () => void this.#arrivalListeners.delete(listener)
  }

  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  place(draft: RecordDraft): PlaceResult {
    const refusal = this.#stateRefusal() ?? this.#log.refusal(draft, this.#flush.written)
    if (refusal !== undefined) return refusal
    const queue = this.queues.obtain(draft.topic, draft.queueId)
    if (queue === undefined) return illegalQueue(draft)
    const placed = this.#log.place(draft, queue)
    this.#flush.schedule()
    return placed
  }

  placeBatch(draft: RecordDraft, elements: readonly BatchElement[]): PlaceResult {
    const refusal = this.#stateRefusal() ?? this.#log.batchRefusal(draft, elements, this.#flush.written)
    if (refusal !== undefined) return refusal
    const queue = this.queues.obtain(draft.topic, draft.queueId)
    if (queue === undefined || !isQueued(draft.sysFlag)) return illegalQueue(draft)
    const placed = this.#log.placeBatch(draft, elements, queue)
    this.#flush.schedule()
    return placed
  }

  put(draft: RecordDraft, needs?: 'written' | 'synced'): Promise<PutResult> {
    const placed = this.place(draft)
    if (placed.status !== 'PUT_OK') return Promise.resolve(placed)
    const wanted = needs ?? (this.config.flushDiskType === 'SYNC_FLUSH' ? 'synced' : 'written')
    if (wanted === 'synced') this.#flush.want(placed.end)
    return this.#waiters.wait(placed, wanted)
  }

  async appendRaw(physicalOffset: number, bytes: Uint8Array): Promise<void> {
    const refusal = this.#stateRefusal()
    if (refusal !== undefined) throw new MqError('STORE_CLOSED', `appending at ${physicalOffset}: ${refusal.remark}`)
    const { segmentSize } = this.segments
    // A first copy may begin anywhere; what follows must continue it.
    const empty = this.#log.placed === 0 && this.segments.starts.length === 0 && physicalOffset % segmentSize === 0
    if (empty) this.#moveTo(physicalOffset)
    if (physicalOffset !== this.#log.placed || (physicalOffset % segmentSize) + bytes.length > segmentSize) {
      throw new MqError('ARGUMENT_ILLEGAL', `appending ${bytes.length} bytes at ${physicalOffset}, the log ends at ${this.#log.placed}`)
    }
    this.#log.append(bytes)
    this.#flush.schedule()
    const end = this.#log.placed
    const needs = this.config.flushDiskType === 'SYNC_FLUSH' ? 'synced' : 'written'
    const place: Placed = { status: 'PUT_OK', physicalOffset, queueOffset: 0, storeTimestamp: 0, end }
    const done = await this.#waiters.wait(place, needs)
    if (done.status !== 'PUT_OK') throw new MqError('DISK_FAILED', `appending at ${physicalOffset}: ${done.remark}`)
  }

  async truncateTo(physicalOffset: number): Promise<void> {
    const refusal = this.#stateRefusal()
    if (refusal !== undefined) throw new MqError('STORE_CLOSED', `cutting at ${physicalOffset}: ${refusal.remark}`)
    if (physicalOffset > this.#log.placed || physicalOffset < this.segments.first) {
      throw new MqError('ARGUMENT_ILLEGAL', `cutting at ${physicalOffset}, the log ends at ${this.#log.placed}`)
    }
    this.#held = 'the log is being cut'
    try {
      await this.#flush.drain()
      // First the checkpoint goes back: it must not speak of records that go now, nor of younger ones that come.
      const safeTime = (await firstStoreTimestamp(this.segments, this.segments.startOf(physicalOffset))) ?? 0
      await this.#round.run()
      await this.#checkpoint.save({
        physicMsgTimestamp: safeTime,
        logicsMsgTimestamp: safeTime,
        confirmPhyOffset: physicalOffset,
      })
      this.queues.cut(physicalOffset)
      this.#moveTo(physicalOffset)
      await this.segments.cut(physicalOffset)
      await this.queues.sync()
    } catch (error) {
      this.#fail(error)
      throw this.#wrapped('cutting the log', error)
    } finally {
      this.#held = undefined
    }
    this.#emit()
  }

  async #start(): Promise<void> {
    try {
      await this.#files.lock()
    } catch (error) {
      throw this.#wrapped(`opening '${this.config.storePathRootDir}'`, error)
    }
    try {
      await this.#load()
    } catch (error) {
      await this.#close()
      this.#state = { kind: 'stopped' }
      throw this.#wrapped(`opening '${this.config.storePathRootDir}'`, error)
    }
  }

  async #load(): Promise<void> {
    const { disk, log } = this.#env
    const lastExitOk = !this.#files.aborted
    this.#state = { kind: 'recovering', done: 0, total: 1 }
    this.#files.refuseUnknownParts()
    this.segments.load()
    this.queues.load()
    this.#checkpoint.load()
    await this.#files.markAborted()
    const recovered = await recover({
      disk,
      log,
      config: this.config,
      segments: this.segments,
      queues: this.queues,
      dispatch: this.#dispatch,
      checkpoint: this.#checkpoint,
      lastExitOk,
      indexed: this.#index !== undefined,
      progress: (done, total) => {
        this.#state = { kind: 'recovering', done, total }
      },
    })
    this.#moveTo(recovered.end)
    this.#log.sawStoreTimestamp(recovered.lastStoreTimestamp)
    this.#dispatchedTime = recovered.lastStoreTimestamp
    if (recovered.lastStoreTimestamp > 0) await this.#round.run()
    // The round may have met a broken disk.
    if (this.#state.kind === 'recovering') this.#state = { kind: 'open' }
  }

  async #stop(): Promise<void> {
    await this.#starting?.catch(() => {})
    this.#held = 'the store is stopping'
    if (this.#state.kind === 'open') {
      await this.#flush.drain()
      const { placed, synced } = this.watermarks
      const clean = synced === placed && (await this.#round.run())
      await this.#close()
      // Whoever opens the store next recovers what could not be written now.
      if (clean && this.#state.kind === 'open') await this.#files.clearAborted().catch((error) => this.#fail(error))
    } else {
      await this.#close()
    }
    await this.#files.unlock()
    if (this.#state.kind !== 'failed') this.#state = { kind: 'stopped' }
  }

  async #close(): Promise<void> {
    await this.#round.close()
    await this.#flush.stop()
    this.queues.close()
    this.segments.close()
    this.#descriptors.retireAll()
    if (this.#state.kind === 'recovering') await this.#files.unlock()
  }

  #moveTo(physicalOffset: number): void {
    this.#log.moveTo(physicalOffset)
    this.#flush.moveTo(physicalOffset)
    this.#dispatched = physicalOffset
  }

  #advanced(): void {
    try {
      this.#dispatchTo(this.watermarks.readable)
    } catch (error) {
      return this.#fail(error)
    }
    this.#round.arm()
    this.#emit()
  }

  #dispatchTo(readable: number): void {
    if (this.#dispatching) return
    this.#dispatching = true
    try {
      this.#dispatched = followLog(this.#tail, this.reader, this.segments.segmentSize, this.#dispatched, readable, (bytes, record) => {
        const outcome = this.#dispatch.record(bytes, record, true)
        this.#dispatchedTime = record.storeTimestamp
        this.#log.sawStoreTimestamp(record.storeTimestamp)
        const arrival = this.#dispatch.last
        if (outcome !== 'added' || arrival === undefined) return
        for (const listener of this.#arrivalListeners) listener(arrival)
      })
    } finally {
      this.#dispatching = false
    }
  }

  #emit(lost?: NonNullable<AdvanceEvent['lost']>): void {
    const event: AdvanceEvent = lost === undefined ? this.watermarks : { ...this.watermarks, lost }
    if (lost !== undefined) this.#waiters.lost(lost.from, 'SERVICE_NOT_AVAILABLE', lost.remark)
    this.#waiters.advanced(event)
    for (const listener of this.#advanceListeners) listener(event)
  }

  /** There was no room: everything behind `written` is taken back, the queue offsets with it. */
  #lost(error: unknown): void {
    const code = diskErrorCode(error) ?? 'unknown'
    const from = this.#flush.written
    const to = this.#log.placed
    this.#env.log.warn('disk-full', { code, from, to })
    this.#log.moveTo(from)
    for (const queue of this.queues) queue.nextOffset = queue.maxOffset
    followLog(this.#tail, this.reader, this.segments.segmentSize, this.#dispatched, from, (bytes, record) => {
      if (!isQueued(record.sysFlag)) return
      const topic = bytes.toString('utf8', record.topicAt, record.topicAt + record.topicSize)
      const queue: ConsumeQueue | undefined = this.queues.get(topic, record.queueId)
      if (queue !== undefined) queue.nextOffset = record.queueOffset + 1
    })
    const remark = code === 'ENOSPC' || code === 'EDQUOT' ? 'disk full' : `the log cannot be written: ${code}`
    this.#emit({ from, to, status: 'SERVICE_NOT_AVAILABLE', remark })
  }

  /** The absorbing state: no write and no acknowledgement after this. */
  #fail(cause: unknown): void {
    if (this.#state.kind === 'failed') return
    const from = this.watermarks.readable
    const error = this.#wrapped(`writing to '${this.config.storePathRootDir}'`, cause)
    this.#state = { kind: 'failed', error }
    this.queues.close()
    void this.#flush.stop()
    this.#env.log.error('store-failed', { error: error.message, cause: diskErrorCode(cause) })
    this.#emit({ from, to: this.#log.placed, status: 'SERVICE_NOT_AVAILABLE', remark: 'the store failed' })
    this.#onFatal(error)
  }

  async #syncedTo(logEnd: number): Promise<boolean> {
    if (this.#flush.synced < logEnd) {
      const place: Placed = { status: 'PUT_OK', physicalOffset: 0, queueOffset: 0, storeTimestamp: 0, end: logEnd }
      this.#flush.want(logEnd)
      await this.#waiters.wait(place, 'synced')
    }
    return this.#flush.synced >= logEnd && this.#state.kind !== 'failed'
  }

  #stateRefusal(): Refused | undefined {
    if (this.#held !== undefined) return { status: 'SERVICE_NOT_AVAILABLE', remark: this.#held }
    if (this.#state.kind === 'open') return undefined
    return { status: 'SERVICE_NOT_AVAILABLE', remark: `the store is ${this.#state.kind}` }
  }

  #wrapped(attempted: string, cause: unknown): MqError {
    return cause instanceof MqError ? cause : new MqError('STORE_FAILED', attempted, { cause })
  }
}

function illegalQueue({ topic, queueId }: RecordDraft): Refused {
  return { status: 'MESSAGE_ILLEGAL', remark: `no queue ${queueId} of topic '${topic}' can be made` }
}
