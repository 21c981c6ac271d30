/**
 * What the store reads of a broker's configuration. Names, units and defaults are Apache's (store-format.md
 * section 29).
 */
export interface StoreConfig {
  /** Directory of the store; made when it does not exist. */
  readonly storePathRootDir: string
  /** Bytes of one commit log file. */
  readonly mappedFileSizeCommitLog: number
  /** Bytes of one consume queue file, rounded up to whole entries of 20 bytes. */
  readonly mappedFileSizeConsumeQueue: number
  /**
   * SYNC_FLUSH: readable and acknowledged after fdatasync. ASYNC_FLUSH: after the write into the page cache.
   */
  readonly flushDiskType: 'ASYNC_FLUSH' | 'SYNC_FLUSH'
  /** Ms between background syncs of the log with ASYNC_FLUSH. */
  readonly flushIntervalCommitLog: number
  /** Ms a put waits for its sync before it answers FLUSH_DISK_TIMEOUT. */
  readonly syncFlushTimeout: number
  /** Ms a record waits behind a slow write of the log before it is given up with OS_PAGE_CACHE_BUSY. */
  readonly waitTimeMillsInSendQueue: number
  /** Ms a write of the log takes before further records are refused with OS_PAGE_CACHE_BUSY. */
  readonly osPageCacheBusyTimeOutMills: number
  /** Ms an entry of a consume queue stays unwritten at most. */
  readonly flushIntervalConsumeQueue: number
  /** Ms between checkpoints while the store changes. */
  readonly checkpointInterval: number
  /** Bytes of a body, and of a whole batch. */
  readonly maxMessageSize: number
  /** Delay of each level from 1 on, as `1s 5s 1m 2h 1d`. */
  readonly messageDelayLevel: string
  readonly checkCRCOnRecover: boolean
  /** Writes Apache's CRC of the record into a last property of each; pulls do not show it. */
  readonly enabledAppendPropCRC: boolean
  /** Our own key: bytes of the log that the background check reads in a second; 0 for none. */
  readonly scrubBytesPerSecond: number
  readonly messageIndexEnable: boolean
  readonly maxHashSlotNum: number
  readonly maxIndexNum: number
  /** Bytes of queue entries one pull examines at most. */
  readonly maxFilterMessageSize: number
  readonly maxTransferBytesOnMessageInMemory: number
  readonly maxTransferCountOnMessageInMemory: number
  readonly maxTransferBytesOnMessageInDisk: number
  readonly maxTransferCountOnMessageInDisk: number
  /** Per cent of the machine's memory that the newest part of the log is taken to be cached in. */
  readonly accessMessageInMemoryMaxRatio: number
  /** Hours since its last change after which a log file may be removed. */
  readonly fileReservedTime: number
  /** Local hours in which expired files are removed, separated by semicolons. */
  readonly deleteWhen: string
  /** Per cent of the disk above which expired files are removed at any hour; 10 to 95. */
  readonly diskMaxUsedSpaceRatio: number
  /** Per cent above which files go that are not expired, with `cleanFileForciblyEnable`; 30 to 85. */
  readonly diskSpaceCleanForciblyRatio: number
  /** Per cent above which writes are refused; 35 to 90. */
  readonly diskSpaceWarningLevelRatio: number
  readonly cleanFileForciblyEnable: boolean
  /** Bytes of log files above which the oldest go, expired or not; 0 for no limit. Not a key of Apache's. */
  readonly commitLogSizeMax: number
  /** Log files one round removes. */
  readonly deleteFileBatchMax: number
  /** Ms between two of them. */
  readonly deleteCommitLogFilesInterval: number
  /** Ms after a queue that lost files. */
  readonly deleteConsumeQueueFilesInterval: number
  /** Ms a file that left the log waits for its readers. */
  readonly destroyMapedFileIntervalForcibly: number
  /** Ms between rounds; the first comes after a minute. */
  readonly cleanResourceInterval: number
}

export type StoreConfigInput = Partial<StoreConfig> & Pick<StoreConfig, 'storePathRootDir'>

export const STORE_CONFIG_DEFAULTS: Omit<StoreConfig, 'storePathRootDir'> = {
  mappedFileSizeCommitLog: 1024 ** 3,
  mappedFileSizeConsumeQueue: 300_000 * 20,
  flushDiskType: 'ASYNC_FLUSH',
  flushIntervalCommitLog: 500,
  syncFlushTimeout: 5_000,
  waitTimeMillsInSendQueue: 200,
  osPageCacheBusyTimeOutMills: 1_000,
  flushIntervalConsumeQueue: 1_000,
  checkpointInterval: 10_000,
  maxMessageSize: 4 * 1024 * 1024,
  messageDelayLevel: '1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h',
  checkCRCOnRecover: true,
  enabledAppendPropCRC: false,
  scrubBytesPerSecond: 1024 * 1024,
  messageIndexEnable: true,
  maxHashSlotNum: 5_000_000,
  maxIndexNum: 20_000_000,
  maxFilterMessageSize: 16_000,
  maxTransferBytesOnMessageInMemory: 256 * 1024,
  maxTransferCountOnMessageInMemory: 32,
  maxTransferBytesOnMessageInDisk: 64 * 1024,
  maxTransferCountOnMessageInDisk: 8,
  accessMessageInMemoryMaxRatio: 40,
  fileReservedTime: 72,
  deleteWhen: '04',
  diskMaxUsedSpaceRatio: 75,
  diskSpaceCleanForciblyRatio: 85,
  diskSpaceWarningLevelRatio: 90,
  cleanFileForciblyEnable: true,
  commitLogSizeMax: 0,
  deleteFileBatchMax: 10,
  deleteCommitLogFilesInterval: 100,
  deleteConsumeQueueFilesInterval: 100,
  destroyMapedFileIntervalForcibly: 120_000,
  cleanResourceInterval: 10_000,
}

/** Keys that count as they are when they are used: a broker changes them while the store is open. */
const LIVE_KEYS = [
  'waitTimeMillsInSendQueue',
  'osPageCacheBusyTimeOutMills',
  'fileReservedTime',
  'deleteWhen',
  'diskMaxUsedSpaceRatio',
  'diskSpaceCleanForciblyRatio',
  'diskSpaceWarningLevelRatio',
  'cleanFileForciblyEnable',
  'commitLogSizeMax',
  'deleteFileBatchMax',
  'deleteCommitLogFilesInterval',
  'deleteConsumeQueueFilesInterval',
  'destroyMapedFileIntervalForcibly',
  'cleanResourceInterval',
] as const satisfies readonly (keyof StoreConfig)[]

/**
 * Fills in the defaults and rounds the queue file size as MessageStoreConfig#getMappedFileSizeConsumeQueue
 * does. Keys that may change are read from `input` each time.
 */
export function storeConfig(input: StoreConfigInput): StoreConfig {
  const given = { ...STORE_CONFIG_DEFAULTS, ...input }
  const config = {
    ...given,
    mappedFileSizeConsumeQueue: Math.ceil(given.mappedFileSizeConsumeQueue / 20) * 20,
  }
  for (const key of LIVE_KEYS) {
    const get = () => input[key] ?? STORE_CONFIG_DEFAULTS[key]
    Object.defineProperty(config, key, { enumerable: true, get })
  }
  return config
}
