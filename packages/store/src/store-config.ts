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
  /** Ms an entry of a consume queue stays unwritten at most. */
  readonly flushIntervalConsumeQueue: number
  /** Ms between checkpoints while the store changes. */
  readonly checkpointInterval: number
  /** Bytes of a body, and of a whole batch. */
  readonly maxMessageSize: number
  /** Delay of each level from 1 on, as `1s 5s 1m 2h 1d`. */
  readonly messageDelayLevel: string
  readonly checkCRCOnRecover: boolean
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
}

export type StoreConfigInput = Partial<StoreConfig> & Pick<StoreConfig, 'storePathRootDir'>

export const STORE_CONFIG_DEFAULTS: Omit<StoreConfig, 'storePathRootDir'> = {
  mappedFileSizeCommitLog: 1024 ** 3,
  mappedFileSizeConsumeQueue: 300_000 * 20,
  flushDiskType: 'ASYNC_FLUSH',
  flushIntervalCommitLog: 500,
  syncFlushTimeout: 5_000,
  flushIntervalConsumeQueue: 1_000,
  checkpointInterval: 10_000,
  maxMessageSize: 4 * 1024 * 1024,
  messageDelayLevel: '1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h',
  checkCRCOnRecover: true,
  messageIndexEnable: true,
  maxHashSlotNum: 5_000_000,
  maxIndexNum: 20_000_000,
  maxFilterMessageSize: 16_000,
  maxTransferBytesOnMessageInMemory: 256 * 1024,
  maxTransferCountOnMessageInMemory: 32,
  maxTransferBytesOnMessageInDisk: 64 * 1024,
  maxTransferCountOnMessageInDisk: 8,
  accessMessageInMemoryMaxRatio: 40,
}

/**
 * Fills in the defaults and rounds the queue file size as MessageStoreConfig#getMappedFileSizeConsumeQueue
 * does.
 */
export function storeConfig(input: StoreConfigInput): StoreConfig {
  const config = { ...STORE_CONFIG_DEFAULTS, ...input }
  return { ...config, mappedFileSizeConsumeQueue: Math.ceil(config.mappedFileSizeConsumeQueue / 20) * 20 }
}
