import type { Disk, Env } from '@rockhopper/env'
import { Checkpoint } from './checkpoint.js'
import { checkpointRound } from './checkpoint-round.js'
import { CommitLog } from './commit-log.js'
import { ConsumeQueues } from './consume-queues.js'
import { parseDelayLevels } from './delay-level.js'
import { DerivedFiles } from './derived-files.js'
import { Descriptors } from './descriptors.js'
import { Dispatch } from './dispatch.js'
import { Flush } from './flush.js'
import { Integrity, type IntegrityOptions } from './integrity.js'
import { LiveDispatch } from './live-dispatch.js'
import { LogBlocks } from './log-blocks.js'
import { LogReader } from './log-reader.js'
import { LogSegments } from './log-segments.js'
import { LogTail } from './log-tail.js'
import { MessageIndex } from './message-index.js'
import { PutWaiters } from './put-waiters.js'
import { ReadBuffers } from './read-buffers.js'
import { ReadLoans } from './read-loans.js'
import { DeletedTopics } from './retention/deleted-topics.js'
import { Retention } from './retention/retention.js'
import { Scrub } from './scrub.js'
import { sparingDisk } from './sparing-disk.js'
import type { StoreConfig } from './store-config.js'
import { StoreFiles } from './store-files.js'

/** What the parts tell the store. */
export interface StoreEvents {
  advanced(): void
  lost(error: unknown): void
  overdue(from: number, waitedMs: number): void
  failed(error: unknown): void
  synced(logEnd: number): Promise<boolean>
}

export type StoreParts = ReturnType<typeof storeParts>

type StoreEnv = Pick<Env, 'clock' | 'disk' | 'host' | 'log'>

/** Makes the parts of a store and connects them; touches nothing. */
export function storeParts(
  given: StoreEnv,
  config: StoreConfig,
  { advanced, lost, overdue, failed, synced }: StoreEvents,
) {
  const disk: Disk = sparingDisk(given.disk, () => descriptors.relieve())
  const descriptors = new Descriptors(disk)
  const env = { ...given, disk }
  const { clock } = env
  const logs = logParts(env, config, descriptors, {
    reached: () => live.reached.logEnd,
    synced,
    onFailed: failed,
  })
  const { files, integrity, log, reader, segments, tail } = logs
  const derived = derivedParts(env, config, logs, failed)
  const { segmentSize } = segments
  const live: LiveDispatch = new LiveDispatch({ ...derived, integrity, log, tail, reader, segmentSize })
  const flush = new Flush({
    clock,
    segments,
    tail,
    syncAtOnce: config.flushDiskType === 'SYNC_FLUSH',
    intervalMs: config.flushIntervalCommitLog,
    waitMsMax: () => config.waitTimeMillsInSendQueue,
    placed: () => log.placed,
    advanced,
    lost,
    overdue,
    failed,
  })
  const checkpoint = new Checkpoint(env.disk, files.checkpoint)
  const round = checkpointRound({
    clock,
    log: env.log,
    intervalMs: config.checkpointInterval,
    checkpoint,
    ...derived,
    dispatched: () => live.reached,
    synced,
    onFailed: failed,
  })
  const retention = new Retention({
    ...env,
    ...derived,
    config,
    segments,
    queueDirectory: files.consumeQueue,
    logBegins: (physicalOffset) => integrity.removeBefore(physicalOffset),
    doneTo: () => Math.min(live.reached.logEnd, flush.synced),
  })
  const waiters = new PutWaiters(clock, config.syncFlushTimeout)
  const scrub = new Scrub({
    ...env,
    segments,
    integrity,
    bytesPerSecond: () => config.scrubBytesPerSecond,
    end: () => Math.min(live.reached.logEnd, flush.synced),
  })
  const background = {
    start() {
      retention.start()
      scrub.start()
    },
    stop: () => Promise.all([retention.stop(), scrub.stop()]),
  }
  return { disk, ...logs, ...derived, live, flush, checkpoint, round, retention, background, waiters }
}

/** The log and how it is read. */
function logParts(
  env: StoreEnv,
  config: StoreConfig,
  descriptors: Descriptors,
  events: Pick<IntegrityOptions, 'reached' | 'synced' | 'onFailed'>,
) {
  const { clock, disk, host } = env
  const segmentSize = config.mappedFileSizeCommitLog
  const files = new StoreFiles(disk, host, config.storePathRootDir)
  const tail = new LogTail(segmentSize)
  const segments = new LogSegments(disk, descriptors, files.commitLog, segmentSize)
  const integrity = new Integrity({ ...env, ...events, descriptors, directory: files.rockhopper, segments })
  const reader = new LogReader(segments, tail, clock, integrity.verify)
  const blocks = new LogBlocks(reader, segmentSize)
  const loans = new ReadLoans(tail, new ReadBuffers())
  const log = new CommitLog(config, clock, tail)
  return { files, descriptors, tail, segments, integrity, reader, blocks, loans, log }
}

/** What is made from the log. */
function derivedParts(
  env: StoreEnv,
  config: StoreConfig,
  logs: ReturnType<typeof logParts>,
  failed: (error: unknown) => void,
) {
  const { descriptors, files } = logs
  const queues = new ConsumeQueues({
    ...env,
    descriptors,
    directory: files.consumeQueue,
    fileSize: config.mappedFileSizeConsumeQueue,
    writeIntervalMs: config.flushIntervalConsumeQueue,
    onFailed: failed,
  })
  const index = indexOf(env, config, descriptors, files.index, failed)
  const deleted = new DeletedTopics(env.disk, files.deletedTopics)
  const { segments, integrity } = logs
  const { quarantine } = integrity
  const derived = new DerivedFiles({
    ...env,
    path: files.derivedFiles,
    config,
    queues,
    index,
    segments,
    quarantine,
  })
  const delayLevels = parseDelayLevels(config.messageDelayLevel)
  const dispatch = new Dispatch({ queues, index, delayLevels, deleted })
  return { queues, index, deleted, derived, dispatch }
}

function indexOf(
  env: StoreEnv,
  config: StoreConfig,
  descriptors: Descriptors,
  directory: string,
  onFailed: (error: unknown) => void,
): MessageIndex | undefined {
  if (!config.messageIndexEnable) return undefined
  const sizes = { slotCount: config.maxHashSlotNum, entryCountMax: config.maxIndexNum }
  return new MessageIndex({ ...env, descriptors, directory, sizes, onFailed })
}
