import type { Socket as RawSocket } from 'node:net'
import type { Socket } from '../env.js'

type Handlers = Parameters<Socket['open']>[0]

const NO_HANDLERS: Handlers = { data() {}, close() {} }

/**
 * A Node socket behind the contract of `Socket`. 'arena': bytes arrive through `receive`, as views of a
 * shared buffer; 'stream': they arrive as chunks of Node's own (TLS, outgoing connections).
 */
export class NodeSocket implements Socket {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
  readonly #raw: RawSocket
  readonly #source: 'arena' | 'stream'
  #handlers = NO_HANDLERS
  #state: 'idle' | 'open' | 'closed' = 'idle'
  #error: Error | undefined
  #isPaused = false

  constructor(raw: RawSocket, source: 'arena' | 'stream') {
    this.#raw = raw
    this.#source = source
    this.remoteAddress = raw.remoteAddress ?? ''
    this.remotePort = raw.remotePort ?? 0
    this.localAddress = raw.localAddress ?? ''
    this.localPort = raw.localPort ?? 0
    raw.on('error', (error: Error) => {
      this.#error = error
    })
    raw.on('close', () => this.#closed())
  }

  get bufferedBytes(): number {
    return this.#raw.writableLength
  }

  open(handlers: Handlers): void {
    this.#handlers = handlers
    if (this.#state === 'closed') {
      // The peer was faster: the caller still hears of it, but not inside its own call.
      queueMicrotask(() => handlers.close(this.#error))
      return
    }
    this.#state = 'open'
    if (this.#source === 'stream') {
      this.#raw.on('data', (chunk: Buffer) => handlers.data(chunk))
      // Whoever looked at the first byte paused it.
      this.#raw.resume()
    } else {
      // read(0) starts the handle in this call; resume() would a tick later, behind a pause() in between.
      this.#raw.read(0)
    }
  }

  /**
   * Called by the reader of the arena; false stops reading. Who filled it goes on a turn later: libuv would
   * read 32 times as much from one socket, and what the turn's end writes and answers would wait for that.
   */
  receive(chunk: Buffer, filled: boolean): boolean {
    this.#handlers.data(chunk)
    if (!filled || this.#isPaused) return true
    setImmediate(() => {
      if (!this.#isPaused) this.resume()
    })
    return false
  }

  write(bytes: Uint8Array, taken?: () => void): void {
    if (this.#state === 'closed' || this.#raw.destroyed || this.#raw.writableEnded) {
      if (taken !== undefined) queueMicrotask(taken)
      return
    }
    if (taken === undefined) this.#raw.write(bytes)
    else this.#raw.write(bytes, () => taken())
  }

  pause(): void {
    this.#isPaused = true
    this.#raw.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (this.#state === 'open') this.#raw.resume()
  }

  end(): void {
    this.#raw.end()
  }

  destroy(): void {
    this.#raw.destroy()
  }

  #closed(): void {
    const wasOpen = this.#state === 'open'
    this.#state = 'closed'
    if (wasOpen) this.#handlers.close(this.#error)
    this.#handlers = NO_HANDLERS
  }
}
