import { isSystemTopic, MqError } from '@rockhopper/message'
import { ConsumeQueues } from '../consume-queues.js'
import { parseDelayLevels } from '../delay-level.js'
import { Descriptors } from '../descriptors.js'
import { Dispatch } from '../dispatch.js'
import { MessageIndex } from '../message-index.js'
import type { ScannedRecord } from '../record-scan.js'
import { DeletedTopics } from '../retention/deleted-topics.js'
import { STORE_CONFIG_DEFAULTS } from '../store-config.js'
import { surveyLog } from './log-survey.js'
import type { StoreDirectory } from './store-directory.js'

export interface RebuildOptions {
  /** Of the broker. Default: Apache's. */
  readonly messageDelayLevel?: string
  /** Of the broker. Default true: without it the old index files stay as they are. */
  readonly messageIndexEnable?: boolean
  /** Topics that look deleted get their queues too. */
  readonly allTopics?: boolean
  progress?(done: number, total: number): void
}

export interface Rebuilt {
  readonly recordCount: number
  readonly entryCount: number
  readonly queueCount: number
  /** Bytes of the log that hold no record. */
  readonly badSize: number
  /** Topics of records that got no queue: they are neither in topics.json nor had queue files. */
  readonly leftOut: readonly string[]
}

/**
 * Makes the consume queues and the index again from the log. They are made beside the old ones, under
 * `rockhopper/rebuild`, synced, and put in their place by renames; the old ones stay there until both are
 * in place.
 * Killed at any point, the store opens: with the old ones, the new ones, or none of a kind, which the next
 * start makes
 * from the log. Throws MqError STORE_LOCKED when a broker of ours has the directory.
 */
export async function rebuildStore(
  directory: StoreDirectory,
  options: RebuildOptions = {},
): Promise<Rebuilt> {
  const { env, root, unloadable } = directory
  const unreadable = unloadable.find(({ part }) => part === 'commitlog')
  if (unreadable !== undefined) throw unreadable.error
  const lock = await env.disk.acquireLock(root)
  if (lock === undefined) throw new MqError('STORE_LOCKED', `rebuilding '${root}'`)
  try {
    return await rebuilt(directory, options)
  } finally {
    await lock.release()
  }
}

async function rebuilt(directory: StoreDirectory, options: RebuildOptions): Promise<Rebuilt> {
  const { env, root, segments } = directory
  const { disk } = env
  const work = `${root}/rockhopper/rebuild`
  disk.removeTree(work)
  disk.makeDirectory(`${work}/new/consumequeue`)
  const made = derivedParts(directory, options, `${work}/new`)
  const keeps = topicFilter(directory, options.allTopics === true)
  const leftOut = new Set<string>()
  let recordCount = 0
  let entryCount = 0
  let badSize = 0
  try {
    await surveyLog(segments, {
      from: segments.first,
      to: segments.end,
      visit(bytes, record) {
        recordCount++
        const topic = topicOf(bytes, record)
        if (!keeps(topic)) leftOut.add(topic)
        // A record before `doneTo` makes no queue, but is still indexed.
        const doneTo = keeps(topic) ? 0 : Number.MAX_SAFE_INTEGER
        if (made.dispatch.record(bytes, record, true, doneTo) === 'added') entryCount++
      },
      bad({ from, to }) {
        badSize += to - from
      },
      progress(offset) {
        options.progress?.(offset - segments.first, segments.end - segments.first)
        return true
      },
    })
    made.queues.writeAll()
    await made.queues.sync()
    await made.index?.flush()
  } finally {
    made.close()
  }
  await put(directory, work, made.index === undefined ? ['consumequeue'] : ['consumequeue', 'index'])
  return {
    recordCount,
    entryCount,
    queueCount: [...made.queues].length,
    badSize,
    leftOut: [...leftOut].sort(),
  }
}

function derivedParts({ env, files, sizes }: StoreDirectory, options: RebuildOptions, directory: string) {
  const { disk, clock, host, log } = env
  const descriptors = new Descriptors(disk)
  const failed = (error: unknown): never => {
    throw error
  }
  const queues = new ConsumeQueues({
    disk,
    clock,
    log,
    descriptors,
    directory: `${directory}/consumequeue`,
    fileSize: sizes.mappedFileSizeConsumeQueue,
    writeIntervalMs: 1_000,
    onFailed: failed,
  })
  const index =
    options.messageIndexEnable === false
      ? undefined
      : new MessageIndex({
          ...{ disk, clock, host, log, descriptors, directory: `${directory}/index` },
          sizes: { slotCount: sizes.maxHashSlotNum, entryCountMax: sizes.maxIndexNum },
          onFailed: failed,
        })
  const levels = options.messageDelayLevel ?? STORE_CONFIG_DEFAULTS.messageDelayLevel
  const deleted = new DeletedTopics(disk, files.deletedTopics)
  if (options.allTopics !== true) deleted.load()
  return {
    queues,
    index,
    dispatch: new Dispatch({ queues, index, deleted, delayLevels: parseDelayLevels(levels) }),
    close() {
      queues.close()
      index?.close()
      descriptors.retireAll()
    },
  }
}

/** The old out, the new in, one directory after the other; then the old ones go. */
async function put(
  { env, files, root }: StoreDirectory,
  work: string,
  parts: readonly string[],
): Promise<void> {
  const { disk } = env
  // It speaks of the old ones.
  for (const path of [files.derivedFiles, `${files.derivedFiles}.bak`]) disk.remove(path)
  disk.makeDirectory(`${work}/old`)
  await disk.syncDirectory(`${work}/new`)
  for (const part of parts) {
    if (disk.exists(`${root}/${part}`)) disk.rename(`${root}/${part}`, `${work}/old/${part}`)
    if (disk.exists(`${work}/new/${part}`)) disk.rename(`${work}/new/${part}`, `${root}/${part}`)
  }
  for (const changed of [root, `${work}/old`, `${work}/new`]) await disk.syncDirectory(changed)
  disk.removeTree(work)
  await disk.syncDirectory(`${root}/rockhopper`)
}

/** Queues are made for topics that are configured or have queues now: others were deleted. */
function topicFilter({ disk, root, queues }: StoreDirectory, all: boolean): (topic: string) => boolean {
  const text = disk.readFile(`${root}/config/topics.json`)?.toString('utf8')
  if (all || text === undefined || !queues.found) return () => true
  return (topic) =>
    isSystemTopic(topic) ||
    text.includes(JSON.stringify(topic)) ||
    disk.exists(`${root}/consumequeue/${topic}`)
}

function topicOf(bytes: Buffer, { topicAt, topicSize }: ScannedRecord): string {
  return bytes.toString('utf8', topicAt, topicAt + topicSize)
}
