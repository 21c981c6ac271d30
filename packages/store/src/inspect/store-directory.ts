import type { Clock, Disk, Host, Log } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import { Checkpoint } from '../checkpoint.js'
import { ConsumeQueues } from '../consume-queues.js'
import { Descriptors } from '../descriptors.js'
import { IndexFile, indexFileSize } from '../index-file.js'
import { LogSegments } from '../log-segments.js'
import { StoreFiles } from '../store-files.js'
import { type OwnRecords, ownRecords } from './own-records.js'
import { readonlyDisk } from './readonly-disk.js'
import { type StoreSizes, storeSizes } from './store-sizes.js'

/** The parts of Env that looking at a store needs. */
export interface InspectEnv {
  readonly clock: Clock
  readonly disk: Disk
  readonly host: Host
  readonly log: Log
}

export interface InspectOptions {
  readonly env: InspectEnv
  /** storePathRootDir of the broker. */
  readonly directory: string
  /** What is not given is taken from the files. */
  readonly sizes?: Partial<StoreSizes>
}

/** Something of the store that could not be loaded, and why. */
export interface Unloadable {
  readonly part: 'commitlog' | 'consumequeue' | 'index'
  readonly error: MqError
}

/** A store directory opened to look at: nothing in it is changed, also when a broker uses it. */
export interface StoreDirectory {
  readonly root: string
  /** Reads only. */
  readonly disk: Disk
  readonly env: InspectEnv
  readonly sizes: StoreSizes
  readonly files: StoreFiles
  readonly segments: LogSegments
  readonly queues: ConsumeQueues
  /** Oldest first. */
  readonly index: readonly IndexFile[]
  readonly checkpoint: Checkpoint
  readonly ours: OwnRecords
  readonly unloadable: readonly Unloadable[]
  close(): void
}

/**
 * Opens a directory that a Rockhopper or Apache broker wrote. Throws MqError STORE_NOT_FOUND when it holds no
 * store, STORE_CORRUPT when its queues are of a kind this code would misread, STORE_FILE_SIZE when the
 * length of the
 * index files cannot be explained. A part that cannot be loaded is in `unloadable`, and empty.
 */
export function openStoreDirectory({ env, directory, sizes: given = {} }: InspectOptions): StoreDirectory {
  requireStore(env.disk, directory)
  const disk = readonlyDisk(env.disk)
  const files = new StoreFiles(disk, env.host, directory)
  files.refuseUnknownParts()
  const sizes = storeSizes(disk, directory, given)
  const descriptors = new Descriptors(disk)
  const segments = new LogSegments(disk, descriptors, files.commitLog, sizes.mappedFileSizeCommitLog)
  const queues = new ConsumeQueues({
    disk,
    clock: env.clock,
    log: env.log,
    descriptors,
    directory: files.consumeQueue,
    fileSize: sizes.mappedFileSizeConsumeQueue,
    writeIntervalMs: 1_000,
    onFailed: () => {},
  })
  const checkpoint = new Checkpoint(disk, files.checkpoint)
  const index: IndexFile[] = []
  const unloadable: Unloadable[] = []
  const load = (part: Unloadable['part'], run: () => void): void => {
    try {
      run()
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      unloadable.push({ part, error })
    }
  }
  const aborted = files.abortText !== undefined
  load('commitlog', () => segments.load(aborted))
  load('consumequeue', () => queues.load(aborted, false))
  load('index', () => index.push(...indexFiles(disk, descriptors, files.index, sizes)))
  for (const queue of queues) queue.correctMin(segments.first)
  checkpoint.load()
  return {
    root: directory,
    disk,
    env,
    sizes,
    files,
    segments,
    queues,
    index,
    checkpoint,
    ours: ownRecords(disk, env, descriptors, files, sizes.mappedFileSizeCommitLog),
    unloadable,
    close() {
      queues.close()
      descriptors.retireAll()
    },
  }
}

/** True when no broker of ours has the directory. Nothing is held afterwards. */
export async function isStoreFree({ env, root }: Pick<StoreDirectory, 'env' | 'root'>): Promise<boolean> {
  const lock = await env.disk.acquireLock(root)
  await lock?.release()
  return lock !== undefined
}

function requireStore(disk: Disk, directory: string): void {
  const found = disk.stat(directory)
  if (found === undefined) throw new MqError('STORE_NOT_FOUND', `opening '${directory}': no such directory`)
  if (!found.isDirectory) throw new MqError('STORE_NOT_FOUND', `opening '${directory}': it is a file`)
  const parts = ['commitlog', 'consumequeue', 'checkpoint', 'lock']
  if (parts.some((part) => disk.exists(`${directory}/${part}`))) return
  const below = disk.exists(`${directory}/store/commitlog`) ? `; there is one in '${directory}/store'` : ''
  throw new MqError('STORE_NOT_FOUND', `opening '${directory}': it holds none of ${parts.join(', ')}${below}`)
}

function indexFiles(disk: Disk, descriptors: Descriptors, directory: string, sizes: StoreSizes): IndexFile[] {
  const indexSizes = { slotCount: sizes.maxHashSlotNum, entryCountMax: sizes.maxIndexNum }
  const wanted = indexFileSize(indexSizes)
  const files: IndexFile[] = []
  for (const name of disk.list(directory).filter((candidate) => /^\d{17}$/.test(candidate))) {
    const path = `${directory}/${name}`
    const size = disk.stat(path)?.size ?? 0
    if (size === 0) continue
    if (size !== wanted) {
      throw new MqError(
        'STORE_FILE_SIZE',
        `loading '${path}': it has ${size} bytes, configured are ${wanted}`,
      )
    }
    const file = new IndexFile(disk, descriptors, path, indexSizes)
    file.load()
    files.push(file)
  }
  return files
}
