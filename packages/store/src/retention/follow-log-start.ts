import type { Log } from '@rockhopper/env'
import type { ConsumeQueues } from '../consume-queues.js'
import { diskErrorCode, rethrowAssertion } from '../full-write.js'
import type { MessageIndex } from '../message-index.js'

/** Queues looked at in one turn of the loop. */
const QUEUES_PER_TURN = 64

export interface FollowOptions {
  readonly queues: ConsumeQueues
  readonly index: MessageIndex | undefined
  readonly log: Log
  /** First physical offset there is. */
  readonly first: number
  /** Lets others run; `removed` files went since the last pause. */
  pause(removed: number): Promise<void>
  stopped(): boolean
}

/**
 * Moves the beginnings of queues and index behind the first record there is: minOffset of each queue, then
 * the files that only point before it (CleanConsumeQueueService, CorrectLogicOffsetService). A queue the disk
 * refuses is left for the next time; it hides nothing that still exists.
 */
export async function followLogStart(options: FollowOptions): Promise<void> {
  const { queues, index, first, pause, stopped } = options
  let looked = 0
  for (const queue of queues) {
    if (stopped()) return
    let removed = 0
    try {
      queue.correctMin(first)
      removed = queue.removeExpired(first)
    } catch (error) {
      rethrowAssertion(error)
      warn(options, error, { topic: queue.topic, queueId: queue.queueId })
    }
    if (removed > 0 || ++looked % QUEUES_PER_TURN === 0) await pause(removed)
  }
  try {
    index?.removeExpired(first)
  } catch (error) {
    rethrowAssertion(error)
    warn(options, error, {})
  }
}

function warn({ log }: FollowOptions, error: unknown, fields: Record<string, unknown>): void {
  log.warn('retention-follow', { ...fields, code: diskErrorCode(error) ?? String(error) })
}
