import { type DecodeResult, MqError, putI32 } from '@rockhopper/message'
import { decodeBinaryHeader, encodeBinaryHeader } from './header-binary.js'
import { decodeJsonHeader, encodeJsonHeader } from './header-json.js'
import { type RemotingCommand, SerializeType } from './remoting-command.js'

// remoting.md section 2. `total` counts the bytes behind itself.
//
//   0        4                8          8+H
//   | total  | serializer | H | header H | body |
//              1 byte      3

export const FRAME_PREFIX_SIZE = 8

/** Apache's default of com.rocketmq.remoting.frameMaxLength; it counts the length word too. */
export const FRAME_SIZE_MAX = 16_777_216

/** Why a peer's bytes are not a frame. The connection is closed, no answer is sent (Apache: NettyDecoder). */
export type FrameFault = 'frame-too-large' | 'frame-too-short' | 'header-too-long' | 'serializer-unknown'

/** Checks the length word alone: the first thing done with a frame, before anything is allocated. */
export function checkFrameTotal(total: number, sizeMax: number): FrameFault | undefined {
  if (total < 4) return 'frame-too-short'
  return total + 4 > sizeMax ? 'frame-too-large' : undefined
}

/** Checks the word at offset 4 against the length word. */
export function checkHeaderWord(word: number, total: number): FrameFault | undefined {
  if (word >>> 24 > SerializeType.ROCKETMQ) return 'serializer-unknown'
  return (word & 0xff_ffff) > total - 4 ? 'header-too-long' : undefined
}

/** The whole frame in one buffer. Throws MqError FRAME_TOO_LARGE beyond the limit of every RocketMQ peer. */
export function encodeFrame(command: RemotingCommand): Buffer {
  const body = command.body
  const head = encodeFrameHead(command, body?.length ?? 0)
  return body === undefined || body.length === 0 ? head : Buffer.concat([head, body])
}

/** Length word, header word and header of a frame whose body of `bodySize` bytes is sent behind it. */
export function encodeFrameHead(command: RemotingCommand, bodySize: number): Buffer {
  const isBinary = command.serializeType === SerializeType.ROCKETMQ
  const header = isBinary ? encodeBinaryHeader(command) : encodeJsonHeader(command)
  const head = Buffer.allocUnsafe(FRAME_PREFIX_SIZE + header.length)
  writePrefix(head, header.length, bodySize, command)
  header.copy(head, FRAME_PREFIX_SIZE)
  return head
}

/** The same of a JSON header that is text already. */
export function encodeTextHead(text: string, bodySize: number, code: number): Buffer {
  const headerSize = Buffer.byteLength(text)
  const head = Buffer.allocUnsafe(FRAME_PREFIX_SIZE + headerSize)
  writePrefix(head, headerSize, bodySize, { code, serializeType: SerializeType.JSON })
  head.write(text, FRAME_PREFIX_SIZE)
  return head
}

function writePrefix(
  head: Buffer,
  headerSize: number,
  bodySize: number,
  { code, serializeType }: Pick<RemotingCommand, 'code' | 'serializeType'>,
): void {
  const size = FRAME_PREFIX_SIZE + headerSize + bodySize
  if (size > FRAME_SIZE_MAX || headerSize > 0xff_ffff) {
    throw new MqError('FRAME_TOO_LARGE', `a frame of ${size} bytes with code ${code} cannot be sent`)
  }
  putI32(head, 0, size - 4)
  putI32(head, 4, (serializeType << 24) | headerSize)
}

/**
 * Decodes the frame that fills `bytes`, length word included. Never throws. The body is a view into `bytes`
 * unless `copyBody` is set: set it when `bytes` belong to a read arena.
 */
export function decodeFrame(bytes: Buffer, copyBody = false): DecodeResult<RemotingCommand> {
  if (bytes.length < FRAME_PREFIX_SIZE) return { ok: false, reason: 'frame-too-short' }
  const total = bytes.readInt32BE(0)
  if (total !== bytes.length - 4) return { ok: false, reason: 'the length word does not fit the frame' }
  const word = bytes.readInt32BE(4)
  const fault = checkHeaderWord(word, total)
  if (fault !== undefined) return { ok: false, reason: fault }
  const bodyAt = FRAME_PREFIX_SIZE + (word & 0xff_ffff)
  const serializeType = (word >>> 24) as SerializeType
  const headerBytes = bytes.subarray(FRAME_PREFIX_SIZE, bodyAt)
  const header =
    serializeType === SerializeType.ROCKETMQ ? decodeBinaryHeader(headerBytes) : decodeJsonHeader(headerBytes)
  if (!header.ok) return header
  const body = bytes.subarray(bodyAt)
  return {
    ok: true,
    size: bytes.length,
    value: Object.assign(header.value, {
      serializeType,
      body: body.length === 0 ? undefined : copyBody ? Buffer.from(body) : body,
    }),
  }
}
