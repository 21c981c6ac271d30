import type { Socket } from 'node:net'
import type { Wire } from './wire.js'

const LINE_FEED = 0x0a
const MINUS = 0x2d

/** XADD to one stream (RESP2). An answer is two lines, `$15` and the id; an error begins with `-`. */
export class RedisWire implements Wire {
  readonly request: Buffer
  #lines = 0
  #atLineStart = true

  constructor(bodySize: number) {
    const parts = ['XADD', 'bench', '*', 'd', 'r'.repeat(bodySize)]
    const text = parts.map((part) => `$${part.length}\r\n${part}\r\n`).join('')
    this.request = Buffer.from(`*${parts.length}\r\n${text}`)
  }

  async open(_socket: Socket): Promise<void> {}

  answers(chunk: Buffer): number {
    const before = this.#lines >> 1
    for (const byte of chunk) {
      if (this.#atLineStart && byte === MINUS) throw new Error(`Redis: ${chunk.toString('latin1')}`)
      this.#atLineStart = byte === LINE_FEED
      if (byte === LINE_FEED) this.#lines++
    }
    return (this.#lines >> 1) - before
  }
}
