import type { Env } from '@rockhopper/env'
import { MqError, type RecordDraft, recordSize } from '@rockhopper/message'
import type { ConsumeQueues } from './consume-queues.js'
import { cutLog } from './cut-log.js'
import type { DerivedFiles } from './derived-files.js'
import { isQueued } from './dispatch.js'
import { diskErrorCode, rethrowAssertion, storeError } from './full-write.js'
import type { LogSegments } from './log-segments.js'
import type {
  AdvanceEvent,
  ArrivalListener,
  BatchElement,
  LostStatus,
  Placed,
  PlaceResult,
  PutResult,
  StoreState,
  Watermarks,
} from './message-store.js'
import type { Quarantine } from './quarantine.js'
import type { ReadLoans } from './read-loans.js'
import { recover, recoveryProgress } from './recovery.js'
import type { Retention } from './retention/retention.js'
import type { StoreConfig } from './store-config.js'
import { type StoreParts, storeParts } from './store-parts.js'
import { deleteTopic, illegalQueue } from './store-topics.js'

/** Of what was placed only its end is waited for. */
const NOWHERE = { status: 'PUT_OK', physicalOffset: 0, queueOffset: 0, storeTimestamp: 0 } as const

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
  readonly reader: StoreParts['reader']
  readonly blocks: StoreParts['blocks']
  readonly loans: ReadLoans
  readonly retention: Retention
  readonly derived: DerivedFiles
  readonly quarantine: Quarantine
  readonly #env: Pick<Env, 'clock' | 'disk' | 'host' | 'log'>
  readonly #onFatal: (error: Error) => void
  readonly #parts: StoreParts
  readonly sync = () => this.#parts.flush.drain()
  readonly #advanceListeners = new Set<(event: AdvanceEvent) => void>()
  #state: StoreState = { kind: 'stopped' }
  /** Why nothing may be placed although the store is open. */
  #held: string | undefined
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  constructor(
    env: Pick<Env, 'clock' | 'disk' | 'host' | 'log'>,
    config: StoreConfig,
    onFatal: (error: Error) => void,
  ) {
    this.#env = env
    this.config = config
    this.#onFatal = onFatal
    this.#parts = storeParts(env, config, {
      advanced: () => this.#advanced(),
      lost: (error) => this.#lost(error),
      overdue: (from, waitedMs) => this.#overdue(from, waitedMs),
      failed: (error) => this.#fail(error),
      synced: (logEnd) => this.#syncedTo(logEnd),
    })
    this.segments = this.#parts.segments
    this.queues = this.#parts.queues
    this.reader = this.#parts.reader
    this.blocks = this.#parts.blocks
    this.loans = this.#parts.loans
    this.retention = this.#parts.retention
    this.derived = this.#parts.derived
    this.quarantine = this.#parts.integrity.quarantine
  }

  get state(): StoreState {
    return this.#state
  }

  get watermarks(): Watermarks {
    const { written, synced } = this.#parts.flush
    // After a failure of the disk only what is known to be durable may be shown.
    const durableOnly = this.config.flushDiskType === 'SYNC_FLUSH' || this.#state.kind === 'failed'
    return { placed: this.#parts.log.placed, written, synced, readable: durableOnly ? synced : written }
  }

  get writingMs(): number {
    return this.#parts.flush.writingMs
  }

  /** Physical offsets of what may have a key, newest first. */
  indexedOffsets(topic: string, key: string, countMax: number, begin: number, end: number): number[] {
    return this.#parts.index?.query(topic, key, countMax, begin, end) ?? []
  }

  onAdvance(listener: (event: AdvanceEvent) => void): () => void {
    this.#advanceListeners.add(listener)
    return () => void this.#advanceListeners.delete(listener)
  }

  onArrival(listener: ArrivalListener): () => void {
    return this.#parts.live.onArrival(listener)
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
    const size = recordSize(draft)
    const refusal = this.#writeRefusal() ?? this.#parts.log.refusal(draft, size, this.#parts.flush.written)
    if (refusal !== undefined) return refusal
    const queue = this.queues.obtain(draft.topic, draft.queueId)
    if (queue === undefined) return illegalQueue(draft)
    const placed = this.#parts.log.place(draft, size, queue)
    this.#parts.flush.schedule()
    return placed
  }

  placeBatch(draft: RecordDraft, elements: readonly BatchElement[]): PlaceResult {
    const refusal =
      this.#writeRefusal() ?? this.#parts.log.batchRefusal(draft, elements, this.#parts.flush.written)
    if (refusal !== undefined) return refusal
    const queue = this.queues.obtain(draft.topic, draft.queueId)
    if (queue === undefined || !isQueued(draft.sysFlag)) return illegalQueue(draft)
    const placed = this.#parts.log.placeBatch(draft, elements, queue)
    this.#parts.flush.schedule()
    return placed
  }

  put(draft: RecordDraft, needs?: 'written' | 'synced'): Promise<PutResult> {
    const placed = this.place(draft)
    if (placed.status !== 'PUT_OK') return Promise.resolve(placed)
    const wanted = needs ?? (this.config.flushDiskType === 'SYNC_FLUSH' ? 'synced' : 'written')
    if (wanted === 'synced') this.#parts.flush.want(placed.end)
    return this.#parts.waiters.wait(placed, wanted)
  }

  async appendRaw(physicalOffset: number, bytes: Uint8Array): Promise<void> {
    const refusal = this.#stateRefusal()
    if (refusal !== undefined)
      throw new MqError('STORE_CLOSED', `appending at ${physicalOffset}: ${refusal.remark}`)
    const { segmentSize } = this.segments
    // A first copy may begin anywhere; what follows must continue it.
    const empty =
      this.#parts.log.placed === 0 && this.segments.starts.length === 0 && physicalOffset % segmentSize === 0
    if (empty) this.#moveTo(physicalOffset)
    const fits = (physicalOffset % segmentSize) + bytes.length <= segmentSize
    if (physicalOffset !== this.#parts.log.placed || !fits) {
      throw new MqError(
        'ARGUMENT_ILLEGAL',
        `appending ${bytes.length} bytes at ${physicalOffset}, the log ends at ${this.#parts.log.placed}`,
      )
    }
    this.#parts.log.append(bytes)
    this.#parts.flush.schedule()
    const end = this.#parts.log.placed
    const needs = this.config.flushDiskType === 'SYNC_FLUSH' ? 'synced' : 'written'
    const done = await this.#parts.waiters.wait({ ...NOWHERE, end }, needs)
    if (done.status !== 'PUT_OK')
      throw new MqError('DISK_FAILED', `appending at ${physicalOffset}: ${done.remark}`)
  }

  async deleteTopic(topic: string): Promise<void> {
    const { kind } = this.#state
    if (kind === 'stopped' || kind === 'recovering')
      throw new MqError('STORE_CLOSED', `deleting '${topic}': the store is ${kind}`)
    await deleteTopic(this.#parts, topic, kind === 'open')
  }

  async truncateTo(physicalOffset: number): Promise<void> {
    const refusal = this.#stateRefusal()
    if (refusal !== undefined)
      throw new MqError('STORE_CLOSED', `cutting at ${physicalOffset}: ${refusal.remark}`)
    if (physicalOffset > this.#parts.log.placed || physicalOffset < this.segments.first) {
      throw new MqError(
        'ARGUMENT_ILLEGAL',
        `cutting at ${physicalOffset}, the log ends at ${this.#parts.log.placed}`,
      )
    }
    this.#held = 'the log is being cut'
    try {
      await cutLog(this.#parts, physicalOffset, () => this.#moveTo(physicalOffset))
    } catch (error) {
      this.#fail(error)
      rethrowAssertion(error)
      throw storeError('cutting the log', error)
    } finally {
      this.#held = undefined
    }
    this.#emit()
  }

  async #start(): Promise<void> {
    try {
      await this.#parts.files.lock()
    } catch (error) {
      rethrowAssertion(error)
      throw storeError(`opening '${this.config.storePathRootDir}'`, error)
    }
    try {
      await this.#load()
    } catch (error) {
      await this.#close()
      this.#state = { kind: 'stopped' }
      rethrowAssertion(error)
      throw storeError(`opening '${this.config.storePathRootDir}'`, error)
    }
  }

  async #load(): Promise<void> {
    const { log } = this.#env
    const { files, integrity } = this.#parts
    const abortText = files.abortText
    const lastExitOk = abortText === undefined
    this.#state = { kind: 'recovering', done: 0, total: 1 }
    files.refuseUnknownParts()
    integrity.load()
    this.segments.load(!lastExitOk)
    this.#parts.derived.load()
    const { sizesAreKnown } = this.#parts.derived
    this.queues.load(!lastExitOk, sizesAreKnown)
    this.#parts.index?.load(!lastExitOk, sizesAreKnown)
    this.#parts.checkpoint.load()
    this.#parts.deleted.load()
    const missing = this.segments.fillHoles()
    // Before `abort` becomes ours: a kill from here on must not hide that another broker was here.
    await integrity.judge(abortText)
    await files.markAborted(integrity.mark)
    for (const start of missing) integrity.quarantine.add(start, this.segments.segmentSize)
    const recovered = await recover({
      ...this.#parts,
      log,
      config: this.config,
      lastExitOk,
      progress: recoveryProgress(this.#env, (done, total) => {
        this.#state = { kind: 'recovering', done, total }
      }),
    })
    await integrity.begin(recovered.end)
    // A record that comes where a lost one of a deleted topic stood must not go with it.
    await this.#parts.deleted.cutAndSave(recovered.end)
    this.#moveTo(recovered.end, recovered.lastStoreTimestamp)
    this.#parts.log.sawStoreTimestamp(recovered.lastStoreTimestamp)
    if (recovered.lastStoreTimestamp > 0) await this.#parts.round.run()
    // The round may have met a broken disk.
    if (this.#state.kind === 'recovering') this.#state = { kind: 'open' }
    this.#parts.background.start()
  }

  async #stop(): Promise<void> {
    // Why the start failed is the news of who called it.
    await Promise.allSettled([this.#starting])
    this.#held = 'the store is stopping'
    this.queues.hurry()
    if (this.#state.kind === 'open') {
      await this.#parts.flush.drain()
      const { placed, synced } = this.watermarks
      const { derived, integrity, round } = this.#parts
      const clean = synced === placed && (await round.run()) && (await integrity.stop(placed))
      if (clean) await derived.save(derived.now())
      await this.#close()
      // Whoever opens the store next recovers what could not be written now.
      if (clean && this.#state.kind === 'open')
        await this.#parts.files.clearAborted().catch((error) => this.#fail(error))
    } else {
      await this.#close()
    }
    await this.#parts.files.unlock()
    if (this.#state.kind !== 'failed') this.#state = { kind: 'stopped' }
  }

  async #close(): Promise<void> {
    await this.#parts.background.stop()
    await this.#parts.round.close()
    await this.#parts.integrity.close()
    await this.#parts.flush.stop()
    this.queues.close()
    this.#parts.index?.close()
    this.segments.close()
    this.#parts.descriptors.retireAll()
    if (this.#state.kind === 'recovering') await this.#parts.files.unlock()
  }

  #moveTo(physicalOffset: number, storeTimestamp?: number): void {
    this.#parts.log.moveTo(physicalOffset)
    this.#parts.flush.moveTo(physicalOffset)
    this.#parts.live.moveTo(physicalOffset, storeTimestamp)
  }

  #advanced(): void {
    try {
      this.#parts.live.advance(this.watermarks.readable)
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#parts.round.arm()
    this.#parts.integrity.advanced()
    this.#emit()
  }

  #emit(lost?: NonNullable<AdvanceEvent['lost']>): void {
    const event = lost === undefined ? this.watermarks : { ...this.watermarks, lost }
    if (lost !== undefined) this.#parts.waiters.lost(lost.from, lost.status, lost.remark)
    this.#parts.waiters.advanced(event)
    for (const listener of this.#advanceListeners) this.#tell(listener, event)
  }

  /** A listener that throws has lost track of its tickets: the store must not go on acknowledging for it. */
  #tell(listener: (event: AdvanceEvent) => void, event: AdvanceEvent): void {
    try {
      listener(event)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** There was no room: everything behind `written` is taken back, the queue offsets with it. */
  #lost(error: unknown): void {
    const code = diskErrorCode(error) ?? 'unknown'
    const from = this.#parts.flush.written
    this.#env.log.warn('disk-full', { code, from, to: this.#parts.log.placed })
    const remark = code === 'ENOSPC' || code === 'EDQUOT' ? 'disk full' : `the log cannot be written: ${code}`
    this.#takeBack(from, 'SERVICE_NOT_AVAILABLE', remark)
  }

  #overdue(from: number, waitedMs: number): void {
    this.#env.log.warn('disk-slow', { waitedMs, from, to: this.#parts.log.placed })
    this.#takeBack(from, 'OS_PAGE_CACHE_BUSY', `period in queue: ${Math.floor(waitedMs)}ms`)
  }

  /** Nobody saw what was placed from here on, for it was not written. */
  #takeBack(from: number, status: LostStatus, remark: string): void {
    const to = this.#parts.log.placed
    this.#parts.log.moveTo(from)
    this.#parts.deleted.cut(from)
    this.#parts.live.retractQueueOffsets(from)
    this.#emit({ from, to, status, remark })
  }

  /** The absorbing state: no write and no acknowledgement after this. */
  #fail(cause: unknown): void {
    if (this.#state.kind === 'failed') return
    const from = this.watermarks.readable
    const error = storeError(`writing to '${this.config.storePathRootDir}'`, cause)
    this.#state = { kind: 'failed', error }
    this.queues.close()
    this.#parts.index?.close()
    void this.#parts.flush.stop()
    void this.#parts.background.stop()
    void this.#parts.integrity.close()
    this.#env.log.error('store-failed', { error: error.message, cause: diskErrorCode(cause) })
    const status = 'SERVICE_NOT_AVAILABLE'
    const remark = 'the store failed'
    this.#emit({ from, to: this.#parts.log.placed, status, remark })
    // With ASYNC_FLUSH what is written was seen, and still it is never synced now.
    this.#parts.waiters.lost(this.#parts.flush.synced, status, remark)
    this.#onFatal(error)
  }

  async #syncedTo(logEnd: number): Promise<boolean> {
    if (this.#parts.flush.synced < logEnd && this.#state.kind !== 'failed') {
      this.#parts.flush.want(logEnd)
      await this.#parts.waiters.wait({ ...NOWHERE, end: logEnd }, 'synced')
    }
    return this.#parts.flush.synced >= logEnd && this.#state.kind !== 'failed'
  }

  #stateRefusal(): Refused | undefined {
    if (this.#held !== undefined) return { status: 'SERVICE_NOT_AVAILABLE', remark: this.#held }
    if (this.#state.kind === 'open') return undefined
    return { status: 'SERVICE_NOT_AVAILABLE', remark: `the store is ${this.#state.kind}` }
  }

  /** Replicated bytes are taken on a full disk as long as they fit, as Apache does it. */
  #writeRefusal(): Refused | undefined {
    const refusal = this.#stateRefusal()
    if (refusal !== undefined) return refusal
    if (this.retention.diskFull)
      return { status: 'SERVICE_NOT_AVAILABLE', remark: 'disk full: over diskSpaceWarningLevelRatio' }
    const { writingMs } = this
    if (writingMs === 0 || writingMs <= this.config.osPageCacheBusyTimeOutMills) return undefined
    return { status: 'OS_PAGE_CACHE_BUSY', remark: `a write has taken ${Math.floor(writingMs)} ms` }
  }
}
