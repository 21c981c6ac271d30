import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { crc32c } from './crc32c.js'
import { nextChunk, type Wire } from './wire.js'

const TOPIC = 'bench'
const [PRODUCE, CREATE_TOPICS] = [0, 19]
const ACKS_LEADER = 1

/** Produce v7 with one record a request and acks=1: without batches, as the other contenders are asked. */
export class KafkaWire implements Wire {
  readonly request: Buffer
  #rest = Buffer.alloc(0)

  constructor(bodySize: number) {
    const records = recordBatch(Buffer.alloc(bodySize, 'r'))
    const partition = [i32(1), text(TOPIC), i32(1), i32(0), i32(records.length), records]
    this.request = request(PRODUCE, 7, Buffer.concat([i16(-1), i16(ACKS_LEADER), i32(30_000), ...partition]))
  }

  async open(_socket: Socket): Promise<void> {}

  answers(chunk: Buffer): number {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    let count = 0
    // size, correlation id, [topic, [partition, error code, …]]
    const codeAt = 4 + 4 + 4 + 2 + TOPIC.length + 4 + 4
    while (bytes.length - at >= 4 && bytes.length - at >= 4 + bytes.readInt32BE(at)) {
      const code = bytes.readInt16BE(at + codeAt)
      if (code !== 0) throw new Error(`Kafka: error ${code}`)
      count++
      at += 4 + bytes.readInt32BE(at)
    }
    this.#rest = Buffer.from(bytes.subarray(at))
    return count
  }
}

/** Makes the topic: one partition, one replica. */
export async function makeKafkaTopic(port: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  const topic = [i32(1), text(TOPIC), i32(1), i16(1), i32(0), i32(0)]
  socket.write(request(CREATE_TOPICS, 2, Buffer.concat([...topic, i32(30_000), Buffer.from([0])])))
  const answer = await nextChunk(socket)
  socket.destroy()
  // size, correlation id, throttle time, [topic, error code, message]
  const code = answer.readInt16BE(4 + 4 + 4 + 4 + 2 + TOPIC.length)
  if (code !== 0) throw new Error(`Kafka: error ${code} when the topic was made`)
}

function request(apiKey: number | undefined, version: number, body: Buffer): Buffer {
  const bytes = Buffer.concat([i16(apiKey ?? 0), i16(version), i32(1), text('bench'), body])
  return Buffer.concat([i32(bytes.length), bytes])
}

/** A batch of format 2 with one record without key or headers. */
function recordBatch(value: Buffer): Buffer {
  const record = Buffer.concat([Buffer.from([0, 0, 0]), varint(-1), varint(value.length), value, varint(0)])
  const head = [i16(0), i32(0), i64(Date.now()), i64(Date.now()), i64(-1), i16(-1), i32(-1), i32(1)]
  const checked = Buffer.concat([...head, varint(record.length), record])
  const behindLength = Buffer.concat([i32(-1), Buffer.from([2]), i32(crc32c(checked) | 0), checked])
  return Buffer.concat([i64(0), i32(behindLength.length), behindLength])
}

function i16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function i64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

/** Zigzag, seven bits a byte. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let left = ((value << 1) ^ (value >> 31)) >>> 0
  for (; left >= 0x80; left >>>= 7) bytes.push((left & 0x7f) | 0x80)
  return Buffer.from([...bytes, left])
}

const text = (value: string): Buffer => Buffer.concat([i16(value.length), Buffer.from(value)])
