import type { DiskSpace } from '@rockhopper/env'

/**
 * Share of a file system that is used, 0 to 1 in whole per cent, rounded up: what the system keeps for itself
 * counts neither as used nor as free (UtilAll#getDiskPartitionSpaceUsedPercent).
 */
export function usedRatio({ used, free }: DiskSpace): number {
  const entire = used + free
  return entire <= 0 ? 0 : Math.ceil((used * 100) / entire) / 100
}

export interface DiskLimits {
  readonly diskMaxUsedSpaceRatio: number
  readonly diskSpaceCleanForciblyRatio: number
  readonly diskSpaceWarningLevelRatio: number
}

/**
 * What a share of the disk asks for, from mildest to worst: nothing; removing expired files at once; removing
 * files that are not expired, too; and refusing writes besides.
 */
export type DiskPressure = 'none' | 'clean' | 'force' | 'full'

/**
 * Per cent out of range are clamped as Apache does it (CleanCommitLogService, MessageStoreConfig): 10 to 95,
 * 30 to 85 and 35 to 90.
 */
export function diskPressure(ratio: number, limits: DiskLimits): DiskPressure {
  if (ratio > clamp(limits.diskSpaceWarningLevelRatio, 35, 90) / 100) return 'full'
  if (ratio > clamp(limits.diskSpaceCleanForciblyRatio, 30, 85) / 100) return 'force'
  if (ratio > clamp(limits.diskMaxUsedSpaceRatio, 10, 95) / 100) return 'clean'
  return 'none'
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max)
}
