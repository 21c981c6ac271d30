/** Sizes of the store that was cut: small files, so that hundreds of stores are quick. */
export const CUT_SIZES = {
  mappedFileSizeCommitLog: 16_384,
  mappedFileSizeConsumeQueue: 400,
  maxHashSlotNum: 100,
  maxIndexNum: 1_000,
}
export const CUT_TOPIC = 'cut'

/** Where the log was cut, and what is left of log and queues after recovery. */
export type RecoveredEnds = readonly [cut: number, maxPhysicalOffset: number, maxOffsets: readonly number[]]

/** vectors/store-cuts.json. */
export interface CutVectors {
  readonly command: string
  readonly apache: string
  /** The log before it was cut, base64. */
  readonly log: string
  readonly recovered: readonly RecoveredEnds[]
}
