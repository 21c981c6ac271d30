import type { Cancel, Clock, Log } from '@rockhopper/env'
import { diskErrorCode, rethrowAssertion } from './full-write.js'
import type { Integrity } from './integrity.js'
import { nextRecord } from './log-damage.js'
import type { LogSegments } from './log-segments.js'
import { walkLog } from './log-walk.js'

const FIRST_STEP_MS = 60_000
const STEP_MS = 1_000
/** From the end of one pass over the log to the next. */
const PASS_PAUSE_MS = 24 * 3_600_000
const WINDOW_SIZE = 256 * 1024

export interface ScrubOptions {
  readonly clock: Clock
  readonly log: Log
  readonly segments: LogSegments
  readonly integrity: Integrity
  /** 0 for none. Read at each step. */
  bytesPerSecond(): number
  /** Everything before this is durable and begins a record or the end. */
  end(): number
}

/**
 * Reads the whole log again and again, slowly, and quarantines what is no record any more: so damage is
 * told of while a copy may still exist elsewhere, not when somebody asks for the message.
 */
export class Scrub {
  readonly #options: ScrubOptions
  #cancel: Cancel | undefined
  #running: Promise<void> | undefined
  #stopped = false

  constructor(options: ScrubOptions) {
    this.#options = options
  }

  start(): void {
    this.#arm(FIRST_STEP_MS)
  }

  /** No timer fires any more; resolves when no step is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    await this.#running
  }

  #arm(afterMs: number): void {
    if (this.#stopped) return
    this.#cancel = this.#options.clock.after(afterMs, () => {
      this.#running = this.#step().finally(() => {
        this.#running = undefined
      })
    })
  }

  /** Never rejects. */
  async #step(): Promise<void> {
    const { integrity, segments, bytesPerSecond, end } = this.#options
    const rate = bytesPerSecond()
    if (rate === 0) return this.#arm(FIRST_STEP_MS)
    const from = Math.max(integrity.scrubbed, segments.first)
    if (from >= end()) {
      integrity.scrubbed = 0
      return this.#arm(PASS_PAUSE_MS)
    }
    try {
      integrity.scrubbed = await this.#check(from, Math.min(end(), from + rate))
    } catch (error) {
      rethrowAssertion(error)
      this.#options.log.warn('scrub', { offset: from, code: diskErrorCode(error) ?? String(error) })
      integrity.scrubbed = segments.startOf(from) + segments.segmentSize
    }
    this.#arm(STEP_MS)
  }

  /** Returns where the next step begins. */
  async #check(from: number, to: number): Promise<number> {
    const { integrity, segments, end } = this.#options
    const { isIntact } = integrity
    const walked = await walkLog(segments, {
      from,
      to,
      isIntact,
      recordSizeMax: segments.segmentSize,
      windowSize: WINDOW_SIZE,
      visit: () => {},
    })
    // Retention may have removed the file, or a cut the end, while it was read.
    if (walked.reason === 'limit' || walked.end < segments.first || walked.end >= end()) return walked.end
    const next = await nextRecord(segments, integrity.expected(isIntact), walked.end + 1, end(), 0)
    const behind = next?.physicalOffset ?? end()
    if (walked.end >= segments.first && behind <= end()) integrity.damaged(walked.end, behind - walked.end)
    return behind
  }
}
