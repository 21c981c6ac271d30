import type { BrokerConfig } from '@rockhopper/broker'
import type { Mode } from './simulated-store.js'

/** A broker with small files on the loopback. */
export function realConfigOf(mode: Mode, directory: string): Partial<BrokerConfig> {
  return {
    flushDiskType: mode,
    storePathRootDir: directory,
    mappedFileSizeCommitLog: 4_096,
    mappedFileSizeConsumeQueue: 400,
    maxHashSlotNum: 64,
    maxIndexNum: 50,
    listenPort: 0,
  }
}
