import { connect, type Socket } from 'node:net'
import { QUEUES, TOPIC } from '../cells.js'
import { ReplyReader } from '../load/reply-reader.js'
import { OPAQUE_BASE, type RequestTemplate } from '../load/request-template.js'
import { templatesOf } from '../load/templates.js'

export interface BurstShape {
  readonly connections: number
  /** Requests of one connection that leave in one write. */
  readonly burst: number
  readonly bodySize: number
}

/** Sends bursts of messages: each leaves when all of the one before are answered; every run is alike. */
export class Bursts {
  readonly #shape: BurstShape
  readonly #templates: readonly RequestTemplate[]
  readonly #sockets: Socket[] = []
  #waitFor = 0
  #errors = 0
  #sent = 0
  #done: () => void = () => undefined

  constructor(shape: BurstShape) {
    this.#shape = shape
    const { bodySize, connections, burst } = shape
    const load = { host: '', port: 0, topic: TOPIC, queues: QUEUES, warmUpMs: 0, measureMs: 0 }
    this.#templates = templatesOf({ ...load, kind: 'send', bodySize, connections, inFlight: burst })
  }

  async open(address: string): Promise<void> {
    const colon = address.lastIndexOf(':')
    for (let i = 0; i < this.#shape.connections; i++) {
      const reader = new ReplyReader((_, ok) => this.#answered(ok))
      const socket = connect({
        host: address.slice(0, colon),
        port: Number(address.slice(colon + 1)),
        noDelay: true,
      })
      socket.on('data', (chunk) => reader.push(chunk))
      await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
      this.#sockets.push(socket)
    }
  }

  /** @returns the number of messages. @throws Error when one was refused. */
  async run(bursts: number): Promise<number> {
    for (let i = 0; i < bursts; i++) await this.#burst()
    if (this.#errors > 0) throw new Error(`${this.#errors} messages were refused`)
    return bursts * this.#shape.connections * this.#shape.burst
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #burst(): Promise<void> {
    this.#waitFor = this.#shape.connections * this.#shape.burst
    const answered = new Promise<void>((resolve) => {
      this.#done = resolve
    })
    for (const socket of this.#sockets) socket.write(this.#frames())
    return answered
  }

  #frames(): Buffer {
    const { burst } = this.#shape
    const bytes = Buffer.allocUnsafe(burst * Math.max(...this.#templates.map(({ size }) => size)))
    let at = 0
    for (let i = 0; i < burst; i++) {
      const template = this.#templates[this.#sent % this.#templates.length] as RequestTemplate
      at = template.write(bytes, at, OPAQUE_BASE + this.#sent, this.#sent)
      this.#sent++
    }
    return bytes.subarray(0, at)
  }

  #answered(ok: boolean): void {
    if (!ok) this.#errors++
    if (--this.#waitFor === 0) this.#done()
  }
}
