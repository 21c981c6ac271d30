import type { ScannedProperties } from './property-scan.js'
import type { ScannedRecord } from './record-scan.js'

/**
 * Where a record can be found by key (store-format.md section 9). Dispatch calls `add` for every record in
 * log order, in recovery again for records that are already in.
 */
export interface MessageIndex {
  /** `bytes` and the two scans are valid only during the call. `physicalOffset` is the record's. */
  add(bytes: Buffer, record: ScannedRecord, properties: ScannedProperties, topic: string): void
  /** Writes and syncs; then every record added before the call is found after a crash. */
  flush(): Promise<void>
}
