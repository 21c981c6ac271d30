import type { CheckpointTimes } from '../checkpoint.js'
import { storeTimestampAt } from '../log-walk.js'
import type { QuarantinedRange } from '../quarantine.js'
import type { SavedState } from '../state-slots.js'
import { surveyLog } from './log-survey.js'
import type { StoreDirectory } from './store-directory.js'
import type { StoreSizes } from './store-sizes.js'

export interface QueueSummary {
  readonly topic: string
  readonly queueId: number
  readonly minOffset: number
  readonly maxOffset: number
  /** Physical offset behind the record of the last entry. */
  readonly lastPhysicalEnd: number
}

export interface IndexSummary {
  readonly name: string
  readonly entryCount: number
  readonly entryCountMax: number
  readonly beginTimestamp: number
  readonly endTimestamp: number
  readonly beginPhysicalOffset: number
  readonly endPhysicalOffset: number
}

export interface StoreSummary {
  readonly directory: string
  /** `rockhopper` when files of our own are there. */
  readonly writtenBy: 'rockhopper' | 'apache or an early rockhopper'
  /** The last user did not stop properly, or runs. */
  readonly aborted: boolean
  /** What `abort` and `rockhopper/owner.json` say; undefined without the file. */
  readonly abortText: string | undefined
  readonly ownerText: string | undefined
  readonly sizes: StoreSizes
  readonly log: {
    readonly fileCount: number
    readonly minOffset: number
    /** Behind the last record, where `endsWith` stands. */
    readonly maxOffset: number
    readonly endsWith: 'unwritten' | 'torn' | 'limit' | 'stopped'
    readonly filesEnd: number
    /** ms since 1970; 0 without records. */
    readonly firstStoreTimestamp: number
    readonly lastStoreTimestamp: number
  }
  readonly queues: readonly QueueSummary[]
  readonly index: readonly IndexSummary[]
  readonly checkpoint: CheckpointTimes
  /** `rockhopper/state`; undefined without one that can be read. */
  readonly state: SavedState | undefined
  /** `rockhopper/quarantine.json`: durable once, no record any more. */
  readonly quarantined: readonly QuarantinedRange[]
  /** Bytes of the log that the checkpoint does not call durable. */
  readonly unsyncedSize: number
  readonly config: readonly { readonly name: string; readonly size: number; readonly mtimeMs: number }[]
  /** Parts that could not be loaded, and why. */
  readonly problems: readonly string[]
}

/** What is in a store, without reading all of it: the log from its last known record on. */
export async function summarizeStore(directory: StoreDirectory): Promise<StoreSummary> {
  const { root, disk, sizes, segments, queues, index, checkpoint, files, ours } = directory
  const from = await lastKnown(directory)
  const survey = await surveyLog(segments, { from, to: segments.end, visit: () => {} })
  const text = (path: string) => disk.readFile(path)?.toString('utf8').trim()
  const first = segments.starts.length > 0 ? await storeTimestampAt(segments, segments.first) : undefined
  const { times } = checkpoint
  return {
    directory: root,
    writtenBy: ours.state !== undefined ? 'rockhopper' : 'apache or an early rockhopper',
    aborted: files.abortText !== undefined,
    abortText: files.abortText?.trim(),
    ownerText: text(`${root}/rockhopper/owner.json`),
    sizes,
    log: {
      fileCount: segments.starts.length,
      minOffset: segments.first,
      maxOffset: survey.end,
      endsWith: survey.reason,
      filesEnd: segments.end,
      firstStoreTimestamp: first ?? 0,
      lastStoreTimestamp: survey.lastStoreTimestamp,
    },
    queues: [...queues]
      .map(({ topic, queueId, minOffset, maxOffset, lastPhysicalEnd }) => ({
        topic,
        queueId,
        minOffset,
        maxOffset,
        lastPhysicalEnd,
      }))
      .sort((a, b) => (a.topic === b.topic ? a.queueId - b.queueId : a.topic < b.topic ? -1 : 1)),
    index: index.map((file) => ({
      name: file.path.slice(file.path.lastIndexOf('/') + 1),
      entryCount: file.entryCount,
      entryCountMax: sizes.maxIndexNum - 1,
      beginTimestamp: file.beginTimestamp,
      endTimestamp: file.endTimestamp,
      beginPhysicalOffset: file.beginPhysicalOffset,
      endPhysicalOffset: file.endPhysicalOffset,
    })),
    checkpoint: times,
    state: ours.state,
    quarantined: ours.quarantined,
    unsyncedSize: Math.max(
      0,
      survey.end - Math.max(times.confirmPhyOffset, ours.state?.synced ?? 0, segments.first),
    ),
    config: disk.list(`${root}/config`).map((name) => {
      const { size = 0, mtimeMs = 0 } = disk.stat(`${root}/config/${name}`) ?? {}
      return { name, size, mtimeMs }
    }),
    problems: directory.unloadable.map(({ error }) => error.message),
  }
}

/**
 * Start of a record near the end: the first one of the last file that has one. (What the queues know lies
 * farther,
 * but the last record before it would not be read, nor its time.)
 */
async function lastKnown({ segments }: StoreDirectory): Promise<number> {
  for (const start of [...segments.starts].reverse()) {
    if (((await storeTimestampAt(segments, start)) ?? 0) > 0) return start
  }
  return segments.first
}
