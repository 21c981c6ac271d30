import { encodeFrame, type RemotingCommand } from '@rockhopper/remoting'

/** Correlation ids have ten digits, so that a frame keeps its size whichever it carries. */
export const OPAQUE_BASE = 1_000_000_000

/**
 * A request encoded once. The opaque, and any other number of the header that was made with `HOLE`, are
 * written over in place: the generator must cost less than what it measures.
 */
export class RequestTemplate {
  readonly size: number
  readonly #head: Buffer
  /** The one that was given: thousands of topics share it. */
  readonly #body: Uint8Array
  readonly #opaqueAt: number
  readonly #holeAt: number

  constructor(command: Omit<RemotingCommand, 'opaque' | 'flag' | 'serializeType'>) {
    const frame = encodeFrame({ ...command, opaque: OPAQUE_BASE, flag: 0, serializeType: 0 })
    this.size = frame.length
    this.#body = command.body ?? Buffer.alloc(0)
    this.#head = Buffer.from(frame.subarray(0, frame.length - this.#body.length))
    this.#opaqueAt = this.#head.indexOf(`"opaque":${OPAQUE_BASE}`) + '"opaque":'.length
    this.#holeAt = this.#head.indexOf(HOLE)
  }

  /** Writes the frame; returns the position behind it. `hole` has at most ten digits. */
  write(into: Buffer, at: number, opaque: number, hole: number): number {
    this.#head.copy(into, at)
    into.set(this.#body, at + this.#head.length)
    digits(into, at + this.#opaqueAt, opaque)
    if (this.#holeAt >= 0) digits(into, at + this.#holeAt, hole)
    return at + this.size
  }
}

/** Stands in a header where a number of ten digits is written into each frame. */
export const HOLE = '7777777777'

function digits(into: Buffer, at: number, value: number): void {
  let left = value
  for (let i = at + 9; i >= at; i--) {
    const next = Math.floor(left / 10)
    into[i] = 0x30 + (left - next * 10)
    left = next
  }
}
