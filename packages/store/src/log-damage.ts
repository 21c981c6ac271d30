import { readFullyPooled } from './full-write.js'
import type { LogSegments } from './log-segments.js'
import { type RecordCheck, storeTimestampAt, type WalkEnd, type WalkOptions, walkLog } from './log-walk.js'

const SCAN_SIZE = 1024 * 1024
/** What the magics of both kinds of record begin with, and where. */
const MAGIC = Buffer.from([0xda, 0xa3, 0x20])
const MAGIC_AT = 4

export interface DamageOptions extends WalkOptions {
  /**
   * Everything before this physical offset was durable. Asked again after each piece; a record begins or the
   * log ends there.
   */
  durable(): number
  /** As `isIntact`, for a record that was found by its magic. */
  readonly isExpected: RecordCheck
  /**
   * Says of the store time of the first good record behind damage whether it was durable. Without one that
   * was, nothing proves damage, and the log ends where the good records end, as in Apache's recovery.
   */
  isCertain?(storeTimestamp: number): boolean
  /** Asked when no good record follows: true when the bytes are good after all, and `isIntact` takes them. */
  isForeign?(physicalOffset: number): boolean
  /** [offset, offset + length) is no record although it was durable. */
  damaged(offset: number, length: number): void
}

/**
 * As `walkLog`, but what was durable and is no record any more is told of and gone around: by the next magic
 * whose record says the offset it lies at and is intact (reliability-checklist 4).
 */
export async function walkAround(segments: LogSegments, options: DamageOptions): Promise<WalkEnd> {
  let from = options.from
  let lastStoreTimestamp = 0
  for (;;) {
    const walked = await walkLog(segments, { ...options, from })
    lastStoreTimestamp = Math.max(lastStoreTimestamp, walked.lastStoreTimestamp)
    const durable = Math.min(options.durable(), options.to)
    if (walked.reason === 'limit' || walked.end >= durable) return { ...walked, lastStoreTimestamp }
    const next = await nextRecord(segments, options.isExpected, walked.end + 1, durable, lastStoreTimestamp)
    const { isCertain } = options
    if (isCertain !== undefined && (next === undefined || !isCertain(next.storeTimestamp)))
      return { ...walked, lastStoreTimestamp }
    if (next === undefined && options.isForeign?.(walked.end) === true) {
      from = walked.end
      continue
    }
    from = next?.physicalOffset ?? durable
    options.damaged(walked.end, from - walked.end)
    options.progress?.(from)
  }
}

export interface FoundRecord {
  readonly physicalOffset: number
  readonly storeTimestamp: number
}

/**
 * The first good record in [from, to). One that is older than the record before the damage is a leftover of
 * an earlier life of these bytes: store times never fall in the log.
 */
export async function nextRecord(
  segments: LogSegments,
  isIntact: RecordCheck,
  from: number,
  to: number,
  lastStoreTimestamp: number,
): Promise<FoundRecord | undefined> {
  const window = Buffer.allocUnsafe(Math.min(SCAN_SIZE, segments.segmentSize))
  for (let offset = from; offset < to; ) {
    const position = offset % segments.segmentSize
    const held = segments.hold(offset)
    if (held === undefined) {
      offset += segments.segmentSize - position
      continue
    }
    const length = Math.min(window.length, segments.segmentSize - position)
    const count = await readFullyPooled(held.file, window, 0, length, position).finally(() => held.release())
    for (let at = window.indexOf(MAGIC); at >= 0 && at < count; at = window.indexOf(MAGIC, at + 1)) {
      const physicalOffset = offset + at - MAGIC_AT
      if (at < MAGIC_AT || physicalOffset >= to) continue
      const storeTimestamp = await storeTimestampAt(segments, physicalOffset, isIntact)
      if (storeTimestamp !== undefined && storeTimestamp >= lastStoreTimestamp)
        return { physicalOffset, storeTimestamp }
    }
    if (count < length || position + length >= segments.segmentSize) {
      offset += segments.segmentSize - position
      continue
    }
    // A magic may lie across the end of the window, or less than four bytes behind it.
    offset += length - (MAGIC_AT + MAGIC.length - 1)
  }
  return undefined
}
