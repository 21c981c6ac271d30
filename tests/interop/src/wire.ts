import { connect } from 'node:net'

/**
 * Just enough of the remoting protocol to ask a question and to cut a byte stream into frames. On purpose not
 * @rockhopper/remoting: what judges must not share code with what is judged.
 *
 *   i32 total | u8 serialize type | u24 header length | header | body      (total does not count itself)
 */
export interface WireHeader {
  readonly code: number
  readonly flag: number
  readonly opaque: number
  readonly version?: number
  readonly language?: string
  readonly remark?: string
  readonly extFields?: Readonly<Record<string, string>>
}

export interface WireReply {
  readonly header: WireHeader
  readonly body: Buffer
}

const TOTAL_SIZE = 4
const JSON_TYPE = 0

/** Cuts what it is fed into whole frames, each with its length word. */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, chunk])
    const frames: Buffer[] = []
    while (this.#rest.length >= TOTAL_SIZE) {
      const end = TOTAL_SIZE + this.#rest.readUInt32BE(0)
      if (this.#rest.length < end) break
      frames.push(Buffer.from(this.#rest.subarray(0, end)))
      this.#rest = this.#rest.subarray(end)
    }
    return frames
  }
}

export function encodeJsonFrame(header: WireHeader, body: Buffer = Buffer.alloc(0)): Buffer {
  const encoded = Buffer.from(JSON.stringify({ language: 'JAVA', version: 479, ...header }))
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32BE(4 + encoded.length + body.length, 0)
  lengths.writeUInt32BE((JSON_TYPE << 24) | encoded.length, 4)
  return Buffer.concat([lengths, encoded, body])
}

export function serializeType(frame: Buffer): number {
  return frame.readUInt8(4)
}

export function headerBytes(frame: Buffer): Buffer {
  return frame.subarray(8, 8 + frame.readUIntBE(5, 3))
}

export function bodyBytes(frame: Buffer): Buffer {
  return frame.subarray(8 + frame.readUIntBE(5, 3))
}

/** Of a frame whose header is JSON. */
export function jsonHeader(frame: Buffer): WireHeader {
  return JSON.parse(headerBytes(frame).toString('utf8')) as WireHeader
}

/** One request on a connection of its own. */
export function ask(
  address: string,
  code: number,
  extFields: Readonly<Record<string, string>> = {},
  timeoutMs = 5_000,
): Promise<WireReply> {
  const [host, port] = splitAddress(address)
  return new Promise((resolve, reject) => {
    const splitter = new FrameSplitter()
    const socket = connect({ host, port })
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer of ${address} to ${code}`)))
    socket.on('connect', () => socket.write(encodeJsonFrame({ code, flag: 0, opaque: 1, extFields })))
    socket.on('data', (chunk: Buffer) => {
      for (const frame of splitter.push(chunk)) {
        resolve({ header: jsonHeader(frame), body: bodyBytes(frame) })
        socket.destroy()
      }
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`${address} closed the connection`)))
  })
}

export function splitAddress(address: string): [host: string, port: number] {
  const colon = address.lastIndexOf(':')
  return [address.slice(0, colon), Number(address.slice(colon + 1))]
}
