import type { Clock, Disk, Log } from '@rockhopper/env'
import type { Checkpoint } from './checkpoint.js'
import type { ConsumeQueue } from './consume-queue.js'
import type { ConsumeQueues } from './consume-queues.js'
import type { DerivedFiles } from './derived-files.js'
import type { Dispatch } from './dispatch.js'
import type { Integrity } from './integrity.js'
import { walkAround } from './log-damage.js'
import type { LogSegments } from './log-segments.js'
import { apacheCheck, storeTimestampAt } from './log-walk.js'
import type { MessageIndex } from './message-index.js'
import type { DeletedTopics } from './retention/deleted-topics.js'
import type { StoreConfig } from './store-config.js'
import type { StoreFiles } from './store-files.js'

export interface RecoveryOptions {
  readonly disk: Disk
  readonly log: Log
  readonly config: StoreConfig
  readonly segments: LogSegments
  readonly queues: ConsumeQueues
  readonly dispatch: Dispatch
  readonly deleted: DeletedTopics
  readonly derived: DerivedFiles
  readonly files: StoreFiles
  readonly checkpoint: Checkpoint
  readonly integrity: Integrity
  /** The store was stopped properly. */
  readonly lastExitOk: boolean
  readonly index: MessageIndex | undefined
  progress(done: number, total: number): void
}

export interface Recovered {
  /** Physical offset where the log goes on. */
  readonly end: number
  readonly lastStoreTimestamp: number
}

const PROGRESS_INTERVAL_MS = 5_000
/** Nobody else needs the disk yet: with one sync at a time, thousands of queues took seconds. */
const SYNCS_AT_ONCE = 16

/** Passes progress on, and writes a line of it every 5 s. */
export function recoveryProgress(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  tell: (done: number, total: number) => void,
): (done: number, total: number) => void {
  let toldAt = clock.monotonic()
  return (done, total) => {
    tell(done, total)
    if (clock.monotonic() - toldAt < PROGRESS_INTERVAL_MS) return
    toldAt = clock.monotonic()
    log.info('store-recovering', { done, total, percent: Math.floor((done / Math.max(1, total)) * 100) })
  }
}

/**
 * Brings log and queues to one consistent end (store-format.md section 18). It changes nothing that a second
 * run would need, so it may be killed at any point and started again.
 */
export async function recover(options: RecoveryOptions): Promise<Recovered> {
  const { segments, queues, index, lastExitOk } = options
  if (segments.starts.length === 0) {
    queues.removeAll()
    index?.cut(0, true)
    return { end: 0, lastStoreTimestamp: 0 }
  }
  const { deleted, derived, integrity } = options
  if (lastExitOk) noteDeletions(options)
  const damagedQueues = integrity.isOurs ? derived.damagedQueues(deleted, lastExitOk) : []
  const indexDamaged = isIndexLost(options) || (integrity.isOurs && derived.isIndexDamaged(lastExitOk))
  if (indexDamaged) removeIndex(options)
  const newest = lastExitOk ? normalStart(options) : await abnormalStart(options)
  // Its records are added in their order: all of them once more.
  const from = indexDamaged ? segments.first : newest
  // What follows was written without being sure to be durable: an entry may be torn. It is made again from
  // the log.
  if (!lastExitOk) {
    queues.cut(Math.max(from, queuesDurable(options)), true)
    index?.cut(from, true)
  }
  const gaps = new Set<ConsumeQueue>([...queues.damaged, ...damagedQueues])
  const doneTo = dispatchedBefore(options)
  const walked = await walkAround(segments, {
    ...walkOptions(options, from, Math.max(segments.end, options.integrity.durable ?? 0)),
    ...certainty(options),
    visit: (bytes, record) => {
      options.integrity.note(bytes, record)
      const dispatched = options.dispatch.record(bytes, record, from === segments.first, doneTo)
      if (dispatched !== 'gap' && dispatched !== 'known') return
      const topic = bytes.toString('utf8', record.topicAt, record.topicAt + record.topicSize)
      const queue = queues.get(topic, record.queueId)
      // Retention takes no file of a queue before the records go.
      if (dispatched === 'known' && record.queueOffset >= (queue?.fileOffset ?? 0)) return
      if (queue !== undefined) gaps.add(queue)
    },
  })
  segments.makeUpTo(walked.end)
  // A clean stop leaves zeros behind the end; reading a whole file to see them would cost every start 0.3 s.
  if (lastExitOk && walked.reason === 'unwritten') await segments.removeBehind(walked.end)
  else await segments.cut(walked.end)
  await segments.sync(from, walked.end)
  queues.cut(walked.end, false)
  index?.cut(walked.end, false)
  if (gaps.size > 0) await rebuild(options, gaps, walked.end)
  for (const queue of queues) {
    queue.correctMin(segments.first)
    queue.nextOffset = queue.maxOffset
  }
  queues.writeAll()
  await queues.sync(() => SYNCS_AT_ONCE)
  await index?.flush()
  const lastStoreTimestamp = Math.max(walked.lastStoreTimestamp, options.integrity.lastStoreTimestamp)
  return { end: walked.end, lastStoreTimestamp }
}

/** What was deleted elsewhere stays so, also where its records are still read. */
function noteDeletions({ deleted, derived, disk, files, integrity }: RecoveryOptions): void {
  const { durable } = integrity
  if (durable === undefined || !integrity.isOurs) return
  const topicsText = disk.readFile(files.topics)?.toString('utf8')
  for (const topic of derived.topicsDeletedElsewhere(topicsText)) deleted.add(topic, durable)
}

/** All of the index: the checkpoint speaks of one, there is none, and no list of ours says why. */
function isIndexLost({ index, derived, checkpoint }: RecoveryOptions): boolean {
  if (index === undefined || index.isDamaged) return index !== undefined
  return !derived.isKnown && index.fileRows.length === 0 && checkpoint.times.indexMsgTimestamp > 0
}

function removeIndex({ index, log }: RecoveryOptions): void {
  log.warn('index-rebuild', {})
  index?.removeAll()
}

/**
 * Physical offset up to which another broker dispatched the records before a clean stop. A queue that is not
 * there was deleted with its topic: only we know by name which topics were. 0 when the last to write was
 * this store, or when the directory of the queues is gone, which is Apache's way to have all of them made
 * again.
 */
function dispatchedBefore({ integrity, queues, checkpoint, lastExitOk }: RecoveryOptions): number {
  return lastExitOk && !integrity.isOurs && queues.found ? checkpoint.times.confirmPhyOffset : 0
}

/**
 * Up to here the checkpoint made the queues durable. Their entries stay even where the record is damaged, so
 * that no later message gets its queue offset.
 */
function queuesDurable({ integrity, checkpoint }: RecoveryOptions): number {
  return Math.min(checkpoint.times.confirmPhyOffset, integrity.durable ?? 0)
}

/** The newest file that begins at or before the last record the queues know. */
function normalStart({ segments, queues }: RecoveryOptions): number {
  const known = queues.maxPhysicalEnd
  return segments.starts.findLast((start) => start < known) ?? segments.first
}

/** The newest file whose first record is old enough to be before the checkpoint. */
async function abnormalStart({ segments, checkpoint, index }: RecoveryOptions): Promise<number> {
  const safeTime = checkpoint.recoverFrom(index !== undefined)
  for (const start of [...segments.starts].reverse()) {
    const storeTimestamp = await storeTimestampAt(segments, start)
    if (storeTimestamp !== undefined && storeTimestamp > 0 && storeTimestamp <= safeTime) return start
  }
  return segments.first
}

/**
 * What was durable: all before the offset that our state file says. Where that says nothing (Apache wrote the
 * store) all that the queues know after a proper stop, else what is older than the checkpoint; and then a
 * good record must prove it, for such a log may simply end there.
 */
function certainty({ integrity, segments, queues, checkpoint, index, lastExitOk }: RecoveryOptions) {
  const damaged = (offset: number, length: number) => integrity.quarantine.add(offset, length)
  if (integrity.durable !== undefined) {
    const isForeign = (physicalOffset: number) => integrity.isForeign(physicalOffset)
    return { damaged, durable: () => integrity.durable ?? 0, isForeign }
  }
  if (lastExitOk) return { damaged, durable: () => queues.maxPhysicalEnd, isCertain: () => true }
  const safeTime = checkpoint.recoverFrom(index !== undefined)
  const isCertain = (storeTimestamp: number) => storeTimestamp <= safeTime
  return { damaged, durable: () => segments.end, isCertain }
}

/**
 * Entries of some queues are missing before the part that was walked: makes these queues again from the
 * first record.
 */
async function rebuild(
  options: RecoveryOptions,
  gaps: ReadonlySet<ConsumeQueue>,
  end: number,
): Promise<void> {
  const { segments, queues, dispatch, log } = options
  for (const queue of gaps) {
    log.warn('consume-queue-rebuild', { topic: queue.topic, queueId: queue.queueId })
    queue.reset()
  }
  await walkAround(segments, {
    ...walkOptions(options, segments.first, end),
    durable: () => end,
    damaged: (offset, length) => options.integrity.quarantine.add(offset, length),
    visit: (bytes, record) => {
      const topic = bytes.toString('utf8', record.topicAt, record.topicAt + record.topicSize)
      const queue = queues.get(topic, record.queueId)
      if (queue !== undefined && gaps.has(queue)) dispatch.record(bytes, record, true)
    },
  })
}

function walkOptions({ config, integrity, progress }: RecoveryOptions, from: number, to: number) {
  const isIntact = integrity.checked(apacheCheck(config.checkCRCOnRecover))
  return {
    from,
    to,
    isIntact,
    isExpected: integrity.expected(isIntact),
    recordSizeMax: config.mappedFileSizeCommitLog,
    progress: (offset: number) => progress(offset - from, to - from),
  }
}
