import type { TimerCheckpoint } from './timer-checkpoint.js'
import type { TimerLog } from './timer-log.js'
import { TIMER_UNIT_SIZE, TimerMagic, type TimerUnit } from './timer-unit.js'
import { grown, type TimerWheel } from './timer-wheel.js'

/** Slots that may have been reused before a late start reads them (Apache: TIMER_BLANK_SLOTS). */
const BLANK_SLOTS = 60
/** Units looked at in one turn of the loop. */
const UNITS_PER_TURN = 20_000

export interface TimerFiles {
  readonly wheel: TimerWheel
  readonly log: TimerLog
  readonly checkpoint: TimerCheckpoint
}

export interface RecoveryOptions {
  readonly slotsTotal: number
  readonly precisionMs: number
  /** Wall clock, ms since 1970. */
  readonly now: number
  /** Resolves in a later turn of the loop. */
  readonly nextTurn: () => Promise<void>
}

/**
 * Brings log and wheel together after a stop or a crash (store-format.md section 11.5; Apache:
 * TimerMessageStore.recover) and returns the time of the first slot to read. The log decides: the wheel is
 * made again from what it holds, beginning one file before the place the checkpoint names. The log ends at
 * its first bad unit.
 */
export async function recoverTimer(files: TimerFiles, options: RecoveryOptions): Promise<number> {
  const { checkpoint, log, wheel } = files
  const { lastReadTimeMs, lastTimerLogFlushPos } = checkpoint.progress
  const from = Math.max(log.start, lastTimerLogFlushPos - log.fileSize)
  const end = await replay(files, fileStart(log, from), options.nextTurn)
  log.truncate(end)
  if (end !== lastTimerLogFlushPos) await log.clearRest()
  const readTimeMs = firstReadTime(files, lastReadTimeMs, options)
  wheel.write()
  const { firstPosBeyond, timesBeyond } = await wheel.scan(readTimeMs, log.end)
  if (timesBeyond.length === 0) return readTimeMs
  // These slots point to units that are gone: their lists are made again from those that are left.
  for (const timeMs of timesBeyond) wheel.put({ timeMs, firstPos: -1, lastPos: -1, num: 0 })
  if (firstPosBeyond < log.end) {
    await replay(files, fileStart(log, Math.max(log.start, firstPosBeyond)), options.nextTurn)
  }
  // Before the log grows again over the positions they named.
  wheel.write()
  await wheel.sync()
  return readTimeMs
}

function fileStart({ fileSize, start }: TimerLog, position: number): number {
  return Math.max(start, position - (position % fileSize))
}

/** Puts the units from `position` on into their slots; returns where the log ends. */
async function replay({ log, wheel }: TimerFiles, from: number, nextTurn: () => Promise<void>) {
  let position = from
  for (let count = 0; position < log.capacity; count++) {
    if (count % UNITS_PER_TURN === UNITS_PER_TURN - 1) await nextTurn()
    const unit = log.peek(position)
    if (unit === undefined) return position
    if (unit === 'blank') {
      position += log.fileSize - (position % log.fileSize)
      continue
    }
    revise(wheel, unit, position)
    position += TIMER_UNIT_SIZE
  }
  return position
}

/**
 * Apache: TimerWheel.reviseSlot. A slot that was written later than the log was synced knows the unit; unlike
 * Apache's, the number of messages follows what is put in.
 */
function revise(wheel: TimerWheel, unit: TimerUnit, position: number): void {
  const slot = wheel.slot(unit.timeMs)
  if (slot !== undefined && slot.lastPos >= position) return
  wheel.put(grown(slot, unit.timeMs, position, (unit.magic & TimerMagic.DELETE) !== 0 ? -1 : 1))
}

/**
 * Without a checkpoint and without units there is nothing to read. After a stop of more than a week Apache
 * begins a minute behind the slots that may have been used again.
 */
function firstReadTime(
  { checkpoint, log }: TimerFiles,
  lastReadTimeMs: number,
  { now, precisionMs, slotsTotal }: RecoveryOptions,
): number {
  const current = now - (now % precisionMs)
  if (checkpoint.progress.lastReadTimeMs === 0 && log.end === log.start) return current
  const oldest = current - slotsTotal * precisionMs + BLANK_SLOTS * precisionMs
  const wanted = lastReadTimeMs - (lastReadTimeMs % precisionMs)
  return Math.max(wanted, oldest)
}
