import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { nextChunk, type Wire } from './wire.js'

const STREAM = { name: 'BENCH', subjects: ['bench'], storage: 'file', retention: 'limits', num_replicas: 1 }

/** A publish to a JetStream stream with a reply subject: the answer is a message with `"seq"`. */
export class NatsWire implements Wire {
  readonly request: Buffer
  #socket: Socket | undefined
  #rest = ''

  /** Of this connection alone: what is answered to another must not count here. */
  readonly #inbox = `_I.${randomUUID()}`

  constructor(bodySize: number) {
    this.request = Buffer.from(`PUB bench ${this.#inbox} ${bodySize}\r\n${'r'.repeat(bodySize)}\r\n`)
  }

  async open(socket: Socket): Promise<void> {
    this.#socket = socket
    await nextChunk(socket)
    socket.write(`CONNECT {"verbose":false,"pedantic":false}\r\nSUB ${this.#inbox} 1\r\nPING\r\n`)
    for (let text = ''; !text.includes('PONG\r\n'); ) text += (await nextChunk(socket)).toString('latin1')
  }

  answers(chunk: Buffer): number {
    const lines = (this.#rest + chunk.toString('latin1')).split('\r\n')
    this.#rest = lines.pop() ?? ''
    let count = 0
    for (const line of lines) {
      if (line === 'PING') this.#socket?.write('PONG\r\n')
      else if (line.startsWith('-ERR') || line.includes('"error"')) throw new Error(`NATS: ${line}`)
      else if (line.includes('"seq"')) count++
    }
    return count
  }
}

/** Makes the stream, with its file synced as the server is configured. */
export async function makeNatsStream(port: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  const wire = new NatsWire(0)
  await wire.open(socket)
  const body = JSON.stringify(STREAM)
  const create = `$JS.API.STREAM.CREATE.${STREAM.name}`
  socket.write(`SUB _I.made 2\r\nPUB ${create} _I.made ${Buffer.byteLength(body)}\r\n${body}\r\n`)
  let text = ''
  while (!/"(did_create|error)"/.test(text)) text += (await nextChunk(socket)).toString('utf8')
  socket.destroy()
  if (text.includes('"error"')) throw new Error(`NATS: ${text}`)
}
