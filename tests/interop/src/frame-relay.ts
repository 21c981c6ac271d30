import { connect, createServer, type Server, type Socket } from 'node:net'
import { FrameSplitter } from './wire.js'

export interface RecordedFrame {
  /** Number of the connection, from 1: an opaque means something only within one. */
  readonly connection: number
  /** "forth" is from whoever connected. */
  readonly direction: 'forth' | 'back'
  readonly bytes: Buffer
}

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** A TCP proxy that hands every byte on unchanged and keeps a copy of every whole frame. */
export class FrameRelay {
  readonly frames: RecordedFrame[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #connectionCount = 0

  private constructor(target: Endpoint) {
    this.#server = createServer((client) => this.#relay(client, target))
  }

  static async start(listen: Endpoint, target: Endpoint): Promise<FrameRelay> {
    const relay = new FrameRelay(target)
    await new Promise<void>((resolve, reject) => {
      relay.#server.once('error', reject)
      relay.#server.listen(listen.port, listen.host, () => resolve())
    })
    return relay
  }

  /** What was recorded since the last call. */
  take(): RecordedFrame[] {
    return this.frames.splice(0)
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #relay(client: Socket, target: Endpoint): void {
    const connection = ++this.#connectionCount
    const server = connect(target)
    this.#pass(client, server, connection, 'forth')
    this.#pass(server, client, connection, 'back')
  }

  #pass(from: Socket, to: Socket, connection: number, direction: RecordedFrame['direction']): void {
    const splitter = new FrameSplitter()
    this.#sockets.add(from)
    from.on('data', (chunk: Buffer) => {
      for (const bytes of splitter.push(chunk)) this.frames.push({ connection, direction, bytes })
      to.write(chunk)
    })
    from.on('error', () => to.destroy())
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
  }
}
