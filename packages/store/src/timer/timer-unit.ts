import { BLANK_MAGIC, getI64, putI64 } from '@rockhopper/message'

/** Bytes of a unit of the timer log (Apache: TimerLog.UNIT_SIZE). */
export const TIMER_UNIT_SIZE = 52
/** Bytes that end a file which has no room for one more unit (Apache: TimerLog.MIN_BLANK_LEN). */
export const TIMER_BLANK_SIZE = 16

/** Bits of a unit (Apache: TimerMessageStore.MAGIC_*). */
export const TimerMagic = {
  DEFAULT: 1,
  /** Due later than the slot says: it is stored again in the timer topic, not delivered. */
  ROLL: 2,
  /** A recall: it takes the message it names out of the slot. */
  DELETE: 4,
} as const

/** One waiting message, or one recall. */
export interface TimerUnit {
  /** Position of the unit before it in the same slot, or -1. */
  readonly prevPos: number
  /** TimerMagic. */
  readonly magic: number
  /** When it was put into the wheel, ms since 1970. */
  readonly writeTimeMs: number
  /** Its slot's time, ms since 1970. */
  readonly timeMs: number
  /** Of the parked record in the commit log. */
  readonly physicalOffset: number
  readonly size: number
  /** Java's hash of the real topic. */
  readonly topicHash: number
}

/**
 *     0 size = 52 (i32)    4 prevPos            12 magic (i32)        16 writeTimeMs
 *    24 delay ms (i32)    28 physicalOffset     36 size (i32)         40 topicHash (i32)   44 0
 */
export function writeTimerUnit(bytes: Buffer, at: number, unit: TimerUnit): void {
  bytes.writeInt32BE(TIMER_UNIT_SIZE, at)
  putI64(bytes, at + 4, unit.prevPos)
  bytes.writeInt32BE(unit.magic, at + 12)
  putI64(bytes, at + 16, unit.writeTimeMs)
  bytes.writeInt32BE(unit.timeMs - unit.writeTimeMs, at + 24)
  putI64(bytes, at + 28, unit.physicalOffset)
  bytes.writeInt32BE(unit.size, at + 36)
  bytes.writeInt32BE(unit.topicHash, at + 40)
  putI64(bytes, at + 44, 0)
}

/** The unit at `at`, `blank` where a file ends early, or undefined for anything else. */
export function readTimerUnit(bytes: Buffer, at: number): TimerUnit | 'blank' | undefined {
  const magic = bytes.readInt32BE(at + 12)
  if (magic === BLANK_MAGIC) return 'blank'
  // Apache: TimerMessageStore.isMagicOK.
  if (bytes.readInt32BE(at) !== TIMER_UNIT_SIZE || (magic | 0xf) !== 0xf) return undefined
  const writeTimeMs = getI64(bytes, at + 16)
  return {
    prevPos: getI64(bytes, at + 4),
    magic,
    writeTimeMs,
    timeMs: writeTimeMs + bytes.readInt32BE(at + 24),
    physicalOffset: getI64(bytes, at + 28),
    size: bytes.readInt32BE(at + 36),
    topicHash: bytes.readInt32BE(at + 40),
  }
}

/** Ends a file `left` bytes before its end. */
export function writeTimerBlank(bytes: Buffer, at: number, left: number): void {
  bytes.writeInt32BE(left, at)
  putI64(bytes, at + 4, 0)
  bytes.writeInt32BE(BLANK_MAGIC, at + 12)
}
