import { storeTimestampAt } from './log-walk.js'
import type { StoreParts } from './store-parts.js'

/**
 * Cuts an open store at a physical offset: log, queues, index, and what speaks of them. `moveTo` runs when
 * what is derived is cut and the log is not yet. Nothing may be placed meanwhile. Throws what the disk
 * throws.
 */
export async function cutLog(parts: StoreParts, physicalOffset: number, moveTo: () => void): Promise<void> {
  const { blocks, checkpoint, deleted, derived, flush, index, integrity, queues, round, segments } = parts
  await flush.drain()
  // First the checkpoint goes back: it must not speak of records that go now, nor of younger ones that come.
  const safeTime = (await storeTimestampAt(segments, segments.startOf(physicalOffset))) ?? 0
  await round.run()
  derived.forget()
  await checkpoint.save({
    physicMsgTimestamp: safeTime,
    logicsMsgTimestamp: safeTime,
    indexMsgTimestamp: safeTime,
    confirmPhyOffset: physicalOffset,
  })
  await integrity.cut(physicalOffset)
  queues.cut(physicalOffset, false)
  index?.cut(physicalOffset, false)
  moveTo()
  blocks.clear()
  await deleted.cutAndSave(physicalOffset)
  await segments.cut(physicalOffset)
  await queues.sync()
  await index?.flush()
}
