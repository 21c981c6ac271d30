import type { Socket } from 'node:net'
import { nextChunk, type Wire } from './wire.js'

const QUEUE = 'bench'
const [METHOD, HEADER, BODY] = [1, 2, 3]
const FRAME_END = 0xce

/** AMQP 0-9-1, publisher confirms, a quorum queue: the answer is Basic.Ack, of one or of all up to it. */
export class AmqpWire implements Wire {
  readonly request: Buffer
  #rest = Buffer.alloc(0)
  #sent = 0
  readonly #acked = new Set<number>()
  #ackedUpTo = 0

  constructor(bodySize: number) {
    const publish = Buffer.concat([u16(0), shortText(''), shortText(QUEUE), Buffer.from([0])])
    const size = Buffer.alloc(8)
    size.writeBigUInt64BE(BigInt(bodySize))
    // Only delivery-mode is set: 2, persistent.
    const properties = Buffer.concat([u16(60), u16(0), size, u16(0x1000), Buffer.from([2])])
    this.request = Buffer.concat([
      method(1, 60, 40, publish),
      frame(HEADER, 1, properties),
      frame(BODY, 1, Buffer.alloc(bodySize, 'r')),
    ])
  }

  async open(socket: Socket): Promise<void> {
    socket.write(Buffer.from('AMQP\0\0\x09\x01', 'latin1'))
    await expectMethod(socket, 10, 10)
    const login = longText('\0guest\0guest')
    socket.write(method(0, 10, 11, Buffer.concat([u32(0), shortText('PLAIN'), login, shortText('en_US')])))
    const tune = await expectMethod(socket, 10, 30)
    socket.write(method(0, 10, 31, Buffer.concat([tune.subarray(0, 6), u16(0)])))
    socket.write(method(0, 10, 40, Buffer.concat([shortText('/'), shortText(''), Buffer.from([0])])))
    await expectMethod(socket, 10, 41)
    socket.write(method(1, 20, 10, shortText('')))
    await expectMethod(socket, 20, 11)
    const quorum = Buffer.concat([shortText('x-queue-type'), Buffer.from('S'), longText('quorum')])
    const durable = Buffer.from([0b10])
    const declare = [u16(0), shortText(QUEUE), durable, u32(quorum.length), quorum]
    socket.write(method(1, 50, 10, Buffer.concat(declare)))
    await expectMethod(socket, 50, 11)
    socket.write(method(1, 85, 10, Buffer.from([0])))
    await expectMethod(socket, 85, 11)
  }

  answers(chunk: Buffer): number {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    let count = 0
    while (bytes.length - at >= 7) {
      const end = at + 7 + bytes.readUInt32BE(at + 3) + 1
      if (end > bytes.length) break
      if (bytes[at] === METHOD) count += this.#method(bytes.subarray(at + 7, end - 1))
      at = end
    }
    this.#rest = Buffer.from(bytes.subarray(at))
    return count
  }

  #method(payload: Buffer): number {
    const [classId, methodId] = [payload.readUInt16BE(0), payload.readUInt16BE(2)]
    if (classId !== 60 || methodId !== 80) throw new Error(`RabbitMQ: method ${classId}.${methodId}`)
    const tag = Number(payload.readBigUInt64BE(4))
    const multiple = ((payload[12] ?? 0) & 1) === 1
    const before = this.#sent
    if (multiple) {
      for (let one = this.#ackedUpTo + 1; one <= tag; one++) this.#ack(one)
    } else this.#ack(tag)
    while (this.#acked.delete(this.#ackedUpTo + 1)) this.#ackedUpTo++
    return this.#sent - before
  }

  #ack(tag: number): void {
    if (tag <= this.#ackedUpTo || this.#acked.has(tag)) return
    this.#acked.add(tag)
    this.#sent++
  }
}

/** The arguments of the next method, which must be this one. */
async function expectMethod(socket: Socket, classId: number, methodId: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0)
  while (bytes.length < 8 || bytes.length < 8 + bytes.readUInt32BE(3))
    bytes = Buffer.concat([bytes, await nextChunk(socket)])
  if (bytes.readUInt16BE(7) === classId && bytes.readUInt16BE(9) === methodId) return bytes.subarray(11)
  throw new Error(`RabbitMQ answered ${bytes.toString('latin1')} instead of ${classId}.${methodId}`)
}

function frame(kind: number | undefined, channel: number, payload: Buffer): Buffer {
  const head = Buffer.concat([Buffer.from([kind ?? 0]), u16(channel), u32(payload.length)])
  return Buffer.concat([head, payload, Buffer.from([FRAME_END])])
}

const method = (channel: number, classId: number, methodId: number, rest: Buffer): Buffer =>
  frame(METHOD, channel, Buffer.concat([u16(classId), u16(methodId), rest]))

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const shortText = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])
const longText = (text: string): Buffer => Buffer.concat([u32(text.length), Buffer.from(text)])
