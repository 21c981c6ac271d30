import type { Clock, Log } from '@rockhopper/env'
import type { Checkpoint, CheckpointTimes } from './checkpoint.js'
import type { ConsumeQueues } from './consume-queues.js'
import type { DerivedFiles } from './derived-files.js'
import type { MessageIndex } from './message-index.js'
import { Round } from './round.js'

export interface CheckpointRoundOptions {
  readonly clock: Clock
  readonly log: Log
  readonly intervalMs: number
  readonly checkpoint: Checkpoint
  readonly queues: ConsumeQueues
  readonly index: MessageIndex | undefined
  readonly derived: DerivedFiles
  /** Store time of the last record dispatched; everything up to it is in the log below `logEnd`. */
  dispatched(): { readonly storeTimestamp: number; readonly logEnd: number }
  /** Resolves when the log is durable up to there, or cannot become so. */
  synced(logEnd: number): Promise<boolean>
  onFailed(error: unknown): void
}

/**
 * Makes queues and index durable, then says so in the checkpoint. The order is what recovery relies on: a
 * checkpoint never runs ahead of what it speaks of. A round over 40,000 queues takes as long as their syncs,
 * which hold up the writes of the log: it rests three times as long.
 */
export function checkpointRound(options: CheckpointRoundOptions): Round {
  const { clock, log, intervalMs, onFailed } = options
  return new Round({
    clock,
    log,
    code: 'checkpoint',
    intervalMs,
    restTimes: 3,
    save: () => save(options),
    onFailed,
  })
}

async function save(options: CheckpointRoundOptions) {
  const { queues, index, derived, checkpoint, dispatched, synced } = options
  const { storeTimestamp, logEnd } = dispatched()
  await queues.writeEach()
  const list = derived.changed()
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
  if (list !== undefined) await derived.save(list)
  return true
}
