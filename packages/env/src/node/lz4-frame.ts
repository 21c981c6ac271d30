/**
 * Reads LZ4 frames (LZ4 Frame Format 1.6.x, blocks independent or linked). Written here because the library
 * that compresses has no limit for what it unpacks. Checksums are skipped, not verified: the record around a
 * body has its own CRC.
 */
const FRAME_MAGIC = 0x184d2204
const SKIPPABLE_MAGIC = 0x184d2a50
const UNCOMPRESSED_BIT = 0x80000000

/** What the frames hold. Throws FrameError: `ERR_TOO_LARGE` beyond `sizeMax`, `ERR_DATA` when broken. */
export function readLz4Frames(bytes: Buffer, sizeMax: number): Buffer {
  const out = new Output(sizeMax)
  let at = 0
  while (at < bytes.length) at = readFrame(bytes, at, out)
  if (at === 0) throw broken('it is empty')
  return out.bytes()
}

export class FrameError extends Error {
  constructor(
    readonly code: 'ERR_TOO_LARGE' | 'ERR_DATA',
    what: string,
  ) {
    super(`lz4: ${what}`)
  }
}

const broken = (what: string) => new FrameError('ERR_DATA', what)

function readFrame(bytes: Buffer, start: number, out: Output): number {
  const magic = u32(bytes, start)
  // Tools may put notes between frames.
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) return start + 8 + u32(bytes, start + 4)
  if (magic !== FRAME_MAGIC) throw broken(`no frame begins at byte ${start}`)
  const flags = byte(bytes, start + 4)
  if (flags >>> 6 !== 1) throw broken(`frame version ${flags >>> 6}`)
  if ((flags & 0x01) !== 0) throw broken('its dictionary is not known')
  const [hasBlockChecksum, hasSize, hasChecksum] = [flags & 0x10, flags & 0x08, flags & 0x04]
  const frameStart = out.length
  let at = start + 4 + 2 + (hasSize ? 8 : 0) + 1
  for (;;) {
    const field = u32(bytes, at)
    at += 4
    if (field === 0) break
    const size = field & ~UNCOMPRESSED_BIT
    if (at + size > bytes.length) throw broken(`a block of ${size} bytes ends behind the end`)
    if ((field & UNCOMPRESSED_BIT) !== 0) out.literals(bytes, at, at + size)
    else readBlock(bytes, at, at + size, out, frameStart)
    at += size + (hasBlockChecksum ? 4 : 0)
  }
  return at + (hasChecksum ? 4 : 0)
}

/** One compressed block: literals and copies of what came before, in turn. */
function readBlock(bytes: Buffer, from: number, end: number, out: Output, frameStart: number): void {
  let at = from
  while (at < end) {
    const token = byte(bytes, at++)
    let count = token >>> 4
    for (let more = count === 15; more; at++) {
      const next = byte(bytes, at)
      count += next
      more = next === 255
    }
    if (at + count > end) throw broken('literals end behind their block')
    out.literals(bytes, at, at + count)
    at += count
    // The last sequence has no copy.
    if (at === end) return
    if (at + 2 > end) throw broken('a copy is cut')
    const distance = byte(bytes, at) | (byte(bytes, at + 1) << 8)
    at += 2
    let length = (token & 15) + 4
    for (let more = length === 19; more; at++) {
      const next = byte(bytes, at)
      length += next
      more = next === 255
    }
    if (distance === 0 || out.length - distance < frameStart) throw broken('a copy reaches before the frame')
    out.copy(distance, length)
  }
}

/** Grows by doubling, up to the limit. */
class Output {
  readonly #sizeMax: number
  #bytes = Buffer.allocUnsafe(4_096)
  length = 0

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  literals(from: Buffer, start: number, end: number): void {
    this.#reserve(end - start)
    from.copy(this.#bytes, this.length, start, end)
    this.length += end - start
  }

  copy(distance: number, count: number): void {
    this.#reserve(count)
    const bytes = this.#bytes
    let at = this.length
    // What is copied may be what this copy just wrote.
    for (const end = at + count; at < end; at++) bytes[at] = bytes[at - distance] as number
    this.length = at
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }

  #reserve(count: number): void {
    const wanted = this.length + count
    if (wanted > this.#sizeMax) throw new FrameError('ERR_TOO_LARGE', `more than ${this.#sizeMax} bytes`)
    if (wanted <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.min(this.#sizeMax, Math.max(wanted, this.#bytes.length * 2)))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }
}

function byte(bytes: Buffer, at: number): number {
  const value = bytes[at]
  if (value === undefined) throw broken('it is cut')
  return value
}

function u32(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw broken('it is cut')
  return bytes.readUInt32LE(at)
}
