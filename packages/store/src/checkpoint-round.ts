import type { Cancel, Clock, Log } from '@rockhopper/env'
import type { Checkpoint, CheckpointTimes } from './checkpoint.js'
import type { ConsumeQueues } from './consume-queues.js'
import { diskErrorCode } from './full-write.js'
import type { MessageIndex } from './message-index.js'

export interface CheckpointRoundOptions {
  readonly clock: Clock
  readonly log: Log
  readonly intervalMs: number
  readonly checkpoint: Checkpoint
  readonly queues: ConsumeQueues
  readonly index: MessageIndex | undefined
  /** Store time of the last record dispatched; everything up to it is in the log below `logEnd`. */
  dispatched(): { readonly storeTimestamp: number; readonly logEnd: number }
  /** Resolves when the log is durable up to there, or cannot become so. */
  synced(logEnd: number): Promise<boolean>
  onFailed(error: unknown): void
}

/**
 * Makes queues and index durable, then says so in the checkpoint, one interval after the first change. The
 * order is what recovery relies on: a checkpoint never runs ahead of what it speaks of.
 */
export class CheckpointRound {
  readonly #options: CheckpointRoundOptions
  #cancel: Cancel | undefined
  #running: Promise<boolean> | undefined
  #closed = false

  constructor(options: CheckpointRoundOptions) {
    this.#options = options
  }

  /** Something changed. */
  arm(): void {
    if (this.#closed || this.#cancel !== undefined || this.#running !== undefined) return
    this.#cancel = this.#options.clock.after(this.#options.intervalMs, () => {
      this.#cancel = undefined
      void this.run()
    })
  }

  /** One round now. False when the disk refused; the next round tries again. Never rejects. */
  async run(): Promise<boolean> {
    await this.#running
    this.#running = this.#once()
    const done = await this.#running
    this.#running = undefined
    if (!done) this.arm()
    return done
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    this.#cancel = undefined
    await this.#running
  }

  #once(): Promise<boolean> {
    return this.#save().catch((error) => {
      const code = diskErrorCode(error)
      if (code === undefined || code === 'EIO') this.#options.onFailed(error)
      else this.#options.log.warn('checkpoint', { code })
      return false
    })
  }

  async #save(): Promise<boolean> {
    const { queues, index, checkpoint, dispatched, synced } = this.#options
    const { storeTimestamp, logEnd } = dispatched()
    queues.writeAll()
    if (!(await synced(logEnd))) return false
    await queues.sync()
    await index?.flush()
    const times: Partial<CheckpointTimes> = {
      physicMsgTimestamp: storeTimestamp,
      logicsMsgTimestamp: storeTimestamp,
      ...(index === undefined ? {} : { indexMsgTimestamp: storeTimestamp }),
      confirmPhyOffset: logEnd,
    }
    await checkpoint.save(times)
    return true
  }
}
