/** What a store process is to do, as JSON on its command line; it answers with one line of JSON. */
export type StoreTask =
  | {
      readonly kind: 'put-get'
      readonly directory: string
      readonly bodySize: number
      readonly queues: number
      readonly sync: boolean
      readonly measureMs: number
    }
  /** Writes until the log has so many bytes, says so, and waits to be killed. */
  | { readonly kind: 'fill'; readonly directory: string; readonly size: number; readonly queues: number }
  /** Opens the store, then closes it properly. */
  | { readonly kind: 'open'; readonly directory: string }
  /** Reads every message as pulls do, with so many slow readers that keep what they got. */
  | {
      readonly kind: 'serve'
      readonly directory: string
      readonly holders: number
      readonly measureMs: number
    }
  | {
      readonly kind: 'sync-writes'
      readonly path: string
      readonly zerosAhead: boolean
      readonly count: number
      readonly size: number
    }

export interface PutGet {
  readonly putsPerSecond: number
  readonly getsPerSecond: number
  readonly rssMib: number
}

export interface Opened {
  readonly startMs: number
  readonly messages: number
}

export interface Served {
  readonly getsPerSecond: number
  readonly mibPerSecond: number
  readonly rssMaxMib: number
}

export interface SyncWrites {
  readonly p50Us: number
  readonly p99Us: number
  /** From the first write to the last sync, with the zeros where they are written. */
  readonly seconds: number
}
