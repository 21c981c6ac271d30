import type { Disk } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import { type IndexSizes, indexFileSize } from '../index-file.js'
import { segmentOffset } from '../segment-name.js'
import { STORE_CONFIG_DEFAULTS, type StoreConfig } from '../store-config.js'

/** The configuration keys that decide how long the files are. */
export type StoreSizes = Pick<
  StoreConfig,
  'mappedFileSizeCommitLog' | 'mappedFileSizeConsumeQueue' | 'maxHashSlotNum' | 'maxIndexNum'
>

const INDEX_HEADER_SIZE = 40
const SLOT_SIZE = 4
const ENTRY_SIZE = 20

/**
 * The sizes a store was made with: what is given, else the length of the files that are there, else Apache's
 * defaults. Of an index file only its whole length is known: of slots and entries one must be a default, be
 * given, or be in Apache's proportion of four entries to a slot. Throws MqError STORE_FILE_SIZE naming the
 * option when none fits.
 */
export function storeSizes(disk: Disk, root: string, given: Partial<StoreSizes>): StoreSizes {
  return {
    mappedFileSizeCommitLog:
      given.mappedFileSizeCommitLog ??
      firstSize(disk, `${root}/commitlog`) ??
      STORE_CONFIG_DEFAULTS.mappedFileSizeCommitLog,
    mappedFileSizeConsumeQueue:
      given.mappedFileSizeConsumeQueue ??
      queueFileSize(disk, `${root}/consumequeue`) ??
      STORE_CONFIG_DEFAULTS.mappedFileSizeConsumeQueue,
    ...indexSizes(disk, `${root}/index`, given),
  }
}

/** Length of the first data file that has one. */
function firstSize(disk: Disk, directory: string): number | undefined {
  for (const name of disk.list(directory)) {
    if (segmentOffset(name) === undefined) continue
    const size = disk.stat(`${directory}/${name}`)?.size ?? 0
    if (size > 0) return size
  }
  return undefined
}

function queueFileSize(disk: Disk, directory: string): number | undefined {
  for (const topic of disk.list(directory)) {
    for (const queueId of disk.list(`${directory}/${topic}`)) {
      const size = firstSize(disk, `${directory}/${topic}/${queueId}`)
      if (size !== undefined) return size
    }
  }
  return undefined
}

function indexSizes(disk: Disk, directory: string, given: Partial<StoreSizes>) {
  const { maxHashSlotNum, maxIndexNum } = STORE_CONFIG_DEFAULTS
  const name = disk.list(directory).find((candidate) => /^\d{17}$/.test(candidate))
  const size = name === undefined ? 0 : (disk.stat(`${directory}/${name}`)?.size ?? 0)
  if (size === 0) {
    return {
      maxHashSlotNum: given.maxHashSlotNum ?? maxHashSlotNum,
      maxIndexNum: given.maxIndexNum ?? maxIndexNum,
    }
  }
  for (const [slotCount, entryCountMax] of candidates(size, given)) {
    const sizes: IndexSizes = { slotCount, entryCountMax }
    if (![slotCount, entryCountMax].every((count) => Number.isInteger(count) && count > 0)) continue
    if (indexFileSize(sizes) === size) {
      return { maxHashSlotNum: slotCount, maxIndexNum: entryCountMax }
    }
  }
  throw new MqError(
    'STORE_FILE_SIZE',
    `reading '${directory}/${name}' of ${size} bytes: say its broker's maxHashSlotNum or maxIndexNum`,
  )
}

/** Pairs of slots and entries that are worth a look, in order of trust. */
function candidates(size: number, given: Partial<StoreSizes>): [slots: number, entries: number][] {
  const left = size - INDEX_HEADER_SIZE
  const entriesBeside = (slots: number) => (left - slots * SLOT_SIZE) / ENTRY_SIZE
  const slotsBeside = (entries: number) => (left - entries * ENTRY_SIZE) / SLOT_SIZE
  if (given.maxHashSlotNum !== undefined) {
    return [[given.maxHashSlotNum, given.maxIndexNum ?? entriesBeside(given.maxHashSlotNum)]]
  }
  if (given.maxIndexNum !== undefined) return [[slotsBeside(given.maxIndexNum), given.maxIndexNum]]
  const { maxHashSlotNum, maxIndexNum } = STORE_CONFIG_DEFAULTS
  const inProportion = left / (SLOT_SIZE + 4 * ENTRY_SIZE)
  const pairs: [number, number][] = [
    [maxHashSlotNum, entriesBeside(maxHashSlotNum)],
    [slotsBeside(maxIndexNum), maxIndexNum],
    [inProportion, 4 * inProportion],
  ]
  return pairs.filter(([slots, entries]) => Number.isInteger(slots) && Number.isInteger(entries))
}
