/** What a broker's process did so far. */
export interface Counts {
  /** Calls that copy bytes from one buffer to another, and the bytes. */
  readonly copies: number
  readonly copiedBytes: number
  /** Buffers made, and their bytes. */
  readonly buffers: number
  readonly bufferBytes: number
  /** Of objects: a difference means something only when no collection was between. */
  readonly heapBytes: number
  readonly collections: number
}
