const OPAQUE = Buffer.from('"opaque":')
const SUCCESS = Buffer.from('{"code":0,')

/**
 * Cuts a stream of bytes into reply frames and reads what a generator needs: the opaque, and whether the
 * code is 0. Both brokers write their JSON header in one order, so the opaque is looked for where it stood
 * the last time.
 */
export class ReplyReader {
  readonly #onReply: (opaque: number, ok: boolean, frame: Buffer) => void
  #partial = Buffer.alloc(0)
  #opaqueFromEnd = 0

  constructor(onReply: (opaque: number, ok: boolean, frame: Buffer) => void) {
    this.#onReply = onReply
  }

  push(chunk: Buffer): void {
    const bytes = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk])
    let at = 0
    while (bytes.length - at >= 4) {
      const end = at + 4 + bytes.readInt32BE(at)
      if (end > bytes.length) break
      this.#reply(bytes.subarray(at, end))
      at = end
    }
    // The chunk is a view of a buffer that is read into again.
    this.#partial = at === bytes.length ? EMPTY : Buffer.from(bytes.subarray(at))
  }

  #reply(frame: Buffer): void {
    const headerEnd = 8 + (frame.readInt32BE(4) & 0xff_ffff)
    const ok = isAt(frame, 8, SUCCESS)
    let at = headerEnd - this.#opaqueFromEnd
    if (at === headerEnd || !isAt(frame, at, OPAQUE)) {
      at = frame.indexOf(OPAQUE, 8)
      this.#opaqueFromEnd = headerEnd - at
    }
    let opaque = 0
    for (let i = at + OPAQUE.length; ; i++) {
      const digit = (frame[i] as number) - 0x30
      if (digit < 0 || digit > 9) break
      opaque = opaque * 10 + digit
    }
    this.#onReply(opaque, ok, frame)
  }
}

const EMPTY = Buffer.alloc(0)

function isAt(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false
  return true
}
