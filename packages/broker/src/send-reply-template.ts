import { offsetMessageId, putI32 } from '@rockhopper/message'
import { CURRENT_VERSION, encodeFrame, FRAME_PREFIX_SIZE, SerializeType } from '@rockhopper/remoting'
import type { Placed } from '@rockhopper/store'
import type { BrokerParts } from './parts.js'

/** Stand-ins that occur nowhere else in a reply; they come in the order in which the encoder wrote them. */
const OPAQUE = 1_912_837_465
const MARKS = ['@msgId@', '@queueId@', '@queueOffset@', '@transactionId@', String(OPAQUE)] as const
type Mark = (typeof MARKS)[number]

/** Bytes of the numbers of one reply at most; ids and the transaction id come on top. */
const NUMBERS_SIZE_MAX = 64

/**
 * The frame of a successful send as bytes between holes. Cut out of what the general encoder makes of a
 * reply, so both entries answer with the same bytes. Written into the caller's scratch: no string and no
 * buffer per reply.
 */
export class SendReplyTemplate {
  readonly #idPrefix: string
  readonly #idPrefixBytes: Buffer
  readonly #pieces: Buffer[] = []
  readonly #piecesSize: number
  readonly #holes: Mark[] = []
  /** Where each piece begins in the reply that was written last, and into which buffer that was. */
  readonly #pieceStarts: Int32Array
  #lastInto: Buffer | undefined

  constructor({ config, storeHost }: Pick<BrokerParts, 'config' | 'storeHost'>) {
    this.#idPrefix = offsetMessageId(storeHost, 0).slice(0, -16)
    this.#idPrefixBytes = Buffer.from(this.#idPrefix)
    const frame = encodeFrame({
      code: 0,
      flag: 1,
      opaque: OPAQUE,
      version: CURRENT_VERSION,
      language: 'JAVA',
      extFields: {
        msgId: '@msgId@',
        queueId: '@queueId@',
        queueOffset: '@queueOffset@',
        transactionId: '@transactionId@',
        MSG_REGION: config.regionId,
        TRACE_ON: String(config.traceOn),
      },
      serializeType: SerializeType.JSON,
    })
    let text = frame.toString('utf8', FRAME_PREFIX_SIZE)
    for (let next = firstMark(text); next !== undefined; next = firstMark(text)) {
      this.#pieces.push(Buffer.from(text.slice(0, next.at)))
      this.#holes.push(next.mark)
      text = text.slice(next.at + next.mark.length)
    }
    this.#pieces.push(Buffer.from(text))
    this.#pieceStarts = new Int32Array(this.#pieces.length)
    this.#piecesSize = this.#pieces.reduce((size, piece) => size + piece.length, 0)
  }

  messageId(physicalOffset: number): string {
    return this.#idPrefix + physicalOffset.toString(16).toUpperCase().padStart(16, '0')
  }

  /** Room that `write` may need. */
  sizeMax(messageId: string | undefined, transactionId: string): number {
    const idSize = messageId === undefined ? this.#idPrefix.length + 16 : messageId.length
    return FRAME_PREFIX_SIZE + this.#piecesSize + NUMBERS_SIZE_MAX + idSize + transactionId.length
  }

  /**
   * Writes the frame at the start of `into` and returns its size. `messageId` undefined: the one of
   * `physicalOffset`. `transactionId` is printable ASCII without quote and backslash. Between two calls with
   * the same `into` nobody else writes to it: pieces that stand where they stood are not written again.
   */
  write(
    into: Buffer,
    opaque: number,
    messageId: string | undefined,
    { physicalOffset, queueOffset }: Placed,
    queueId: number,
    transactionId: string,
  ): number {
    if (into !== this.#lastInto) this.#pieceStarts.fill(0)
    this.#lastInto = into
    let end = this.#putPiece(0, into, FRAME_PREFIX_SIZE)
    for (let i = 0; i < this.#holes.length; i++) {
      switch (this.#holes[i] as Mark) {
        case '@msgId@':
          if (messageId !== undefined) end = putAscii(messageId, into, end)
          else end = putHex16(physicalOffset, into, putBytes(this.#idPrefixBytes, into, end))
          break
        case '@queueId@':
          end = putDecimal(queueId, into, end)
          break
        case '@queueOffset@':
          end = putDecimal(queueOffset, into, end)
          break
        case '@transactionId@':
          end = putAscii(transactionId, into, end)
          break
        default:
          end = putDecimal(opaque, into, end)
      }
      end = this.#putPiece(i + 1, into, end)
    }
    putI32(into, 0, end - 4)
    putI32(into, 4, end - FRAME_PREFIX_SIZE)
    return end
  }

  /** A piece before this one that moved was written over it, or moved it as well. */
  #putPiece(i: number, into: Buffer, at: number): number {
    const piece = this.#pieces[i] as Buffer
    if (this.#pieceStarts[i] === at) return at + piece.length
    this.#pieceStarts[i] = at
    return putBytes(piece, into, at)
  }
}

function firstMark(text: string): { at: number; mark: Mark } | undefined {
  const found = MARKS.map((mark) => ({ at: text.indexOf(mark), mark })).filter(({ at }) => at >= 0)
  return found.sort((a, b) => a.at - b.at)[0]
}

/** Pieces are short: a loop beats a call into native code (performance.md, item 6). */
function putBytes(from: Buffer, into: Buffer, at: number): number {
  for (let i = 0; i < from.length; i++) into[at + i] = from[i] as number
  return at + from.length
}

function putAscii(text: string, into: Buffer, at: number): number {
  for (let i = 0; i < text.length; i++) into[at + i] = text.charCodeAt(i)
  return at + text.length
}

/** An integer; the opaque may be negative. */
function putDecimal(value: number, into: Buffer, at: number): number {
  if (value < 0) {
    into[at] = 0x2d
    return putDecimal(-value, into, at + 1)
  }
  let size = 1
  for (let left = value; left >= 10; left = Math.floor(left / 10)) size++
  let left = value
  for (let i = at + size - 1; i >= at; i--) {
    const next = Math.floor(left / 10)
    into[i] = 0x30 + (left - next * 10)
    left = next
  }
  return at + size
}

/** 16 digits, upper case. */
function putHex16(value: number, into: Buffer, at: number): number {
  putHex8(Math.floor(value / 0x1_0000_0000), into, at)
  putHex8(value >>> 0, into, at + 8)
  return at + 16
}

function putHex8(value: number, into: Buffer, at: number): void {
  for (let i = 0; i < 8; i++) {
    const digit = (value >>> (28 - 4 * i)) & 0xf
    into[at + i] = digit < 10 ? 0x30 + digit : 0x37 + digit
  }
}
