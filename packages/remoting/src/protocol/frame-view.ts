import { decodeFrame, FRAME_PREFIX_SIZE } from './frame.js'
import { fullRequestCode } from './header-binary.js'
import { SerializeType } from './remoting-command.js'

/** `{"code":` — what both the Java and the Go client begin a JSON header with. */
const JSON_PREFIX = Buffer.from('{"code":')

/**
 * One frame in place: offsets into bytes that somebody else owns. One view object is reused for all frames
 * of a server, so it is valid only until the turn entry returns; whoever needs more copies it out.
 */
export class FrameView {
  bytes: Buffer = Buffer.alloc(0)
  /** Of the length word. */
  start = 0
  /** Behind the body. */
  end = 0
  headerStart = 0
  headerEnd = 0
  serializeType: SerializeType = SerializeType.JSON
  /** Request code when the header begins with it, else -1: the frame then goes the general way. */
  code = -1

  get bodyStart(): number {
    return this.headerEnd
  }

  get bodySize(): number {
    return this.end - this.headerEnd
  }

  /** Points the view at a frame whose length and header words were checked by the reader. */
  point(bytes: Buffer, start: number, end: number): void {
    const word = bytes.readInt32BE(start + 4)
    this.bytes = bytes
    this.start = start
    this.end = end
    this.headerStart = start + FRAME_PREFIX_SIZE
    this.headerEnd = this.headerStart + (word & 0xff_ffff)
    this.serializeType = (word >>> 24) as SerializeType
    this.code = this.#peekCode()
  }

  /** The general form. Copies header strings and, unless `owned`, the body. */
  decode(owned: boolean): ReturnType<typeof decodeFrame> {
    return decodeFrame(this.bytes.subarray(this.start, this.end), !owned)
  }

  #peekCode(): number {
    const { bytes, headerStart, headerEnd } = this
    if (this.serializeType === SerializeType.ROCKETMQ) {
      return headerEnd - headerStart < 2 ? -1 : fullRequestCode(bytes.readInt16BE(headerStart))
    }
    const digitsAt = headerStart + JSON_PREFIX.length
    if (digitsAt >= headerEnd) return -1
    for (let i = 0; i < JSON_PREFIX.length; i++) if (bytes[headerStart + i] !== JSON_PREFIX[i]) return -1
    let code = 0
    let at = digitsAt
    for (; at < headerEnd && at < digitsAt + 9; at++) {
      const c = bytes[at] as number
      if (c < 0x30 || c > 0x39) break
      code = code * 10 + c - 0x30
    }
    return at > digitsAt && bytes[at] === 0x2c ? code : -1
  }
}
