import type { Clock, Disk, Log } from '@rockhopper/env'
import { CrcLog } from '../crc-log.js'
import type { Descriptors } from '../descriptors.js'
import { apacheCheck, type RecordCheck } from '../log-walk.js'
import { outerCrc } from '../outer-crc.js'
import { Quarantine, type QuarantinedRange } from '../quarantine.js'
import { type SavedState, StateSlots } from '../state-slots.js'
import type { StoreFiles } from '../store-files.js'

/** What the files under `rockhopper/` say of the log. */
export interface OwnRecords {
  /** Undefined without a state file that can be read. */
  readonly state: SavedState | undefined
  readonly quarantined: readonly QuarantinedRange[]
  /** Apache's checks, and the CRC of the rest of a record where ours is known to hold. */
  readonly isIntact: RecordCheck
}

/**
 * Reads them. The CRCs count only when no other broker ran after ours: then `abort` is gone after our
 * proper stop, or
 * holds our mark.
 */
export function ownRecords(
  disk: Disk,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  descriptors: Descriptors,
  { rockhopper, abortText }: StoreFiles,
  segmentSize: number,
): OwnRecords {
  const state = new StateSlots(disk, `${rockhopper}/state`).load()
  const quarantine = new Quarantine({ clock, disk, log }, `${rockhopper}/quarantine.json`)
  quarantine.load()
  const crcs = new CrcLog({
    disk,
    descriptors,
    directory: `${rockhopper}/crc`,
    segmentSize,
    onFailed: () => {},
  })
  crcs.load()
  const apache = apacheCheck(true)
  const holds =
    state !== undefined &&
    (abortText === undefined ? state.stopped : abortText.includes(`rockhopper ${state.token}`))
  const isIntact: RecordCheck = (bytes, at, record) => {
    if (!apache(bytes, at, record)) return false
    const { physicalOffset, size } = record
    const ours = (state?.ranges ?? []).some(
      ({ from, to }) => from <= physicalOffset && physicalOffset + size <= to,
    )
    const known = ours ? crcs.crcOf(physicalOffset) : undefined
    return known === undefined || known === outerCrc(bytes, record)
  }
  return { state, quarantined: quarantine.ranges, isIntact: holds ? isIntact : apache }
}
