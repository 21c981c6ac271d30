import { SystemTopic } from '@rockhopper/message'
import type { StateFile, TimerProgress, TimerStore } from '@rockhopper/store'
import { BackgroundLoop } from '../background-loop.js'
import type { WriterParts } from '../message-writer.js'
import type { BrokerParts } from '../parts.js'
import { RateCounter } from '../stats.js'
import { TickPointer } from './tick-pointer.js'
import { TimerDelivery, throwAssertion } from './timer-delivery.js'
import { TimerDequeue } from './timer-dequeue.js'
import { TimerEnqueue } from './timer-enqueue.js'
import { TimerMetrics } from './timer-metrics.js'

export type TimerParts = WriterParts & Pick<BrokerParts, 'clock' | 'log'>

/** Apache: the task that TimerMessageStore.start schedules. */
const CLEAN_EVERY_MS = 30_000
/** A checkpoint that only says that time passed is written this often. */
const IDLE_SAVE_MS = 60_000

/** A checkpoint that may be written once the store synced up to `needs`. */
interface Candidate {
  readonly progress: TimerProgress
  readonly needs: number
}

/** What code 28 tells. */
export interface TimerState {
  /** Whole seconds that delivery is behind the clock. */
  readonly readBehind: number
  /** Messages of the timer topic that are not in the wheel yet. */
  readonly offsetBehind: number
  /** Messages in the wheel. */
  readonly congestNum: number
  readonly enqueueTps: number
  readonly dequeueTps: number
}

/**
 * Delivers messages at the time they ask for (Apache: TimerMessageStore): from the timer topic into the
 * wheel, from a tick that is over into the real queues. Progress is written only when what it passes is
 * durable, so a crash repeats messages and never loses one.
 */
export class TimerService {
  readonly metrics: TimerMetrics
  readonly #parts: TimerParts
  readonly #timers: TimerStore
  readonly #pointer: TickPointer
  readonly #delivery: TimerDelivery
  readonly #enqueue: TimerEnqueue
  readonly #dequeue: TimerDequeue
  readonly #loops: readonly BackgroundLoop[]
  readonly #enqueued: RateCounter
  readonly #dequeued: RateCounter
  #stopListening: (() => void) | undefined
  #candidate: Candidate | undefined
  #savedAt: number
  #savedEnd = 0
  #failed = false

  constructor(parts: TimerParts, timers: TimerStore, metricsFile: StateFile) {
    const { clock, config, log } = parts
    this.#parts = parts
    this.#timers = timers
    this.metrics = new TimerMetrics(clock, metricsFile)
    this.#savedAt = clock.monotonic()
    this.#enqueued = new RateCounter(clock)
    this.#dequeued = new RateCounter(clock)
    const { precisionMs } = timers
    const { partialPos } = timers.progress
    const start = { precisionMs, readTimeMs: timers.firstReadTimeMs, partialPos: 0 }
    const resumes = timers.firstReadTimeMs === timers.progress.lastReadTimeMs
    const resumed = resumes && partialPos <= timers.logEnd ? { ...start, partialPos } : start
    this.#pointer = new TickPointer(clock, resumed, () => timers.logEnd)
    this.#delivery = new TimerDelivery(parts, this.metrics)
    const shared = {
      parts,
      timers,
      pointer: this.#pointer,
      delivery: this.#delivery,
      metrics: this.metrics,
    }
    this.#dequeue = new TimerDequeue(shared)
    this.#enqueue = new TimerEnqueue({
      ...shared,
      rollWindowSlots: rollWindow(config.timerRollWindowSlot, timers.slotsTotal),
      added: (timeMs) => this.#dequeue.added(timeMs),
    })
    const loop = (code: string, everyMs: number, work: () => Promise<void>) =>
      new BackgroundLoop({ clock, log, code, everyMs }, work)
    this.#loops = [
      loop('TIMER_NOT_SAVED', config.timerFlushIntervalMs, () => this.#flush()),
      loop('TIMER_LOG_NOT_CLEANED', CLEAN_EVERY_MS, async () =>
        timers.removeExpired(parts.store.minPhysicalOffset),
      ),
    ]
  }

  start(): void {
    this.#stopListening = this.#parts.store.onArrival(({ topic }) => {
      if (topic === SystemTopic.TIMER) this.#enqueue.wake()
    })
    this.#enqueue.start()
    this.#dequeue.start()
    for (const loop of this.#loops) loop.start()
  }

  /** Deliveries in flight end, then the progress is saved and the files are closed. */
  async stop(): Promise<void> {
    this.#stopListening?.()
    this.#delivery.stop()
    await Promise.all([this.#enqueue.stop(), this.#dequeue.stop()])
    for (const loop of this.#loops) await loop.stop()
    try {
      if (this.#delivery.end > this.#parts.store.watermarks.synced) await this.#parts.store.sync()
      await this.#flush()
    } catch (error) {
      throwAssertion(error)
      this.#parts.log.error('TIMER_NOT_SAVED', { error })
    }
    this.#timers.close()
  }

  /**
   * Messages are not in the wheel yet, or are due for more than the tick after their own and not delivered.
   * Cheap, unlike `state`.
   */
  get isBehind(): boolean {
    if (this.#enqueue.behind > 0) return true
    const deliveredBefore = this.#parts.clock.now() - 2 * this.#timers.precisionMs
    return this.#timers.nextSlot(this.#pointer.readTimeMs, deliveredBefore) !== undefined
  }

  async state(): Promise<TimerState> {
    this.#enqueued.add(this.#enqueue.total - this.#enqueued.total)
    this.#dequeued.add(this.#delivery.total - this.#dequeued.total)
    const { readTimeMs } = this.#pointer
    const next = this.#timers.nextSlot(readTimeMs, this.#pointer.writeTimeMs())
    // Without a message to read there is nothing to be behind with: the pointer then moves now and then.
    const behindMs = next === undefined ? 0 : this.#parts.clock.now() - next
    return {
      readBehind: Math.max(0, Math.floor(behindMs / 1_000)),
      offsetBehind: this.#enqueue.behind,
      congestNum: await this.#timers.waiting(readTimeMs),
      enqueueTps: this.#enqueued.rate(),
      dequeueTps: this.#dequeued.rate(),
    }
  }

  /** Body of code 60. */
  encodeProgress(): Buffer {
    return this.#timers.encodeProgress()
  }

  async #flush(): Promise<void> {
    if (this.#failed) return
    const queueOffset = this.#enqueue.queueOffset
    const reached = {
      lastReadTimeMs: this.#pointer.readTimeMs,
      partialPos: this.#pointer.fromPos,
      lastTimerQueueOffset: queueOffset,
      masterTimerQueueOffset: queueOffset,
    }
    const needs = this.#delivery.end
    const lastTimerLogFlushPos = await this.#flushFiles()
    const candidate = { progress: { ...reached, lastTimerLogFlushPos }, needs }
    const { synced } = this.#parts.store.watermarks
    if (candidate.needs <= synced) await this.#save(candidate)
    else if (this.#candidate === undefined) this.#candidate = candidate
    else if (this.#candidate.needs <= synced) {
      await this.#save(this.#candidate)
      this.#candidate = candidate
    }
    await this.metrics.persist()
  }

  /** What a failed sync left on the disk is unknown: nothing may be noted as done from here on. */
  async #flushFiles(): Promise<number> {
    try {
      return await this.#timers.flush()
    } catch (error) {
      this.#failed = diskCode(error) !== 'ENOSPC'
      throw error
    }
  }

  async #save({ needs, progress }: Candidate): Promise<void> {
    this.#candidate = undefined
    const now = this.#parts.clock.monotonic()
    const idle = needs === this.#savedEnd && isIdle(progress, this.#timers.progress)
    // A timer that was never used has no file.
    if (idle && (now - this.#savedAt < IDLE_SAVE_MS || progress.lastTimerLogFlushPos === 0)) return
    await this.#timers.save(progress)
    this.#savedAt = now
    this.#savedEnd = needs
  }
}

/** Only time passed. */
function isIdle(progress: TimerProgress, saved: TimerProgress): boolean {
  return (
    progress.lastTimerLogFlushPos === saved.lastTimerLogFlushPos &&
    progress.masterTimerQueueOffset === saved.masterTimerQueueOffset &&
    progress.partialPos === saved.partialPos
  )
}

function diskCode(error: unknown): unknown {
  for (let at = error; at instanceof Error; at = at.cause) if ('code' in at) return at.code
  return undefined
}

/** Apache: a window outside the wheel becomes the whole wheel but a minute. */
function rollWindow(slots: number, slotsTotal: number): number {
  const most = slotsTotal - 60
  return slots > most || slots < 2 ? most : slots
}
