import type { ConnectOptions, Listener, ListenOptions, Net, Socket } from '@rockhopper/env'
import type { ManualClock } from './manual-clock.fixture.js'

type Handlers = Parameters<Socket['open']>[0]

/** Sockets in memory: bytes arrive at the end of a turn, not at all while the receiver is paused. */
export class MemoryNet implements Net {
  readonly #clock: ManualClock
  readonly #listeners = new Map<number, (socket: Socket) => void>()
  #nextPort = 40_000
  /** Both ends of every connection. */
  readonly sockets: MemorySocket[] = []
  /** Each connect takes so long; more than its timeout fails it. */
  connectDelayMs = 0

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  async listen({ host, port }: ListenOptions, onSocket: (socket: Socket) => void): Promise<Listener> {
    const taken = port === 0 ? this.#nextPort++ : port
    if (this.#listeners.has(taken)) throw Object.assign(new Error('taken'), { code: 'EADDRINUSE' })
    this.#listeners.set(taken, onSocket)
    return { host, port: taken, close: async () => void this.#listeners.delete(taken) }
  }

  async connect({ host, port, timeoutMs }: ConnectOptions): Promise<MemorySocket> {
    const delay = Math.min(this.connectDelayMs, timeoutMs)
    if (delay > 0) await new Promise<void>((resolve) => this.#clock.after(delay, resolve))
    if (this.connectDelayMs >= timeoutMs) throw Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })
    const onSocket = this.#listeners.get(port)
    if (onSocket === undefined) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    const [near, far] = [new MemorySocket(this.#clock, port), new MemorySocket(this.#clock, this.#nextPort++)]
    this.sockets.push(near, far)
    near.join(far)
    far.join(near)
    void host
    onSocket(far)
    return near
  }
}

interface Chunk {
  readonly bytes: Buffer
  readonly taken: (() => void) | undefined
}

export class MemorySocket implements Socket {
  readonly remoteAddress = '127.0.0.1'
  readonly localAddress = '127.0.0.1'
  readonly localPort = 1
  readonly remotePort: number
  readonly #clock: ManualClock
  #peer: MemorySocket | undefined
  #handlers: Handlers | undefined
  #queue: Chunk[] = []
  #isPaused = false
  #isPumping = false
  #isEnding = false
  #isClosed = false
  /** Writes since the socket was made: a real one costs a system call each. */
  writeCount = 0

  constructor(clock: ManualClock, remotePort: number) {
    this.#clock = clock
    this.remotePort = remotePort
  }

  join(peer: MemorySocket): void {
    this.#peer = peer
  }

  get bufferedBytes(): number {
    return this.#queue.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  open(handlers: Handlers): void {
    this.#handlers = handlers
    this.#peer?.wake()
  }

  write(bytes: Uint8Array, taken?: () => void): void {
    if (this.#isClosed || this.#isEnding) {
      if (taken !== undefined) queueMicrotask(taken)
      return
    }
    this.writeCount++
    this.#queue.push({ bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), taken })
    this.wake()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#peer?.wake()
  }

  end(): void {
    this.#isEnding = true
    this.wake()
  }

  destroy(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const queue = this.#queue.splice(0)
    this.#clock.endOfTurn(() => {
      for (const { taken } of queue) taken?.()
      this.#handlers?.close()
      this.#peer?.destroy()
    })
  }

  wake(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    this.#clock.endOfTurn(() => {
      this.#isPumping = false
      this.#pump()
    })
  }

  #pump(): void {
    const peer = this.#peer as MemorySocket
    while (!this.#isClosed && this.#queue.length > 0 && peer.#handlers !== undefined && !peer.#isPaused) {
      const { bytes, taken } = this.#queue.shift() as Chunk
      // The receiver's view is valid only until it returns: what it keeps by mistake turns into 0xEE.
      const arena = Buffer.from(bytes)
      taken?.()
      peer.#handlers.data(arena)
      arena.fill(0xee)
    }
    if (this.#isEnding && this.#queue.length === 0) this.destroy()
  }
}
