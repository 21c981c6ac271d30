import type { Clock, Socket } from '@rockhopper/env'

/** Bytes that are on their way or wait at the receiver; what is written beyond is not taken yet. */
const WINDOW_SIZE = 256 * 1024

type Handlers = Parameters<Socket['open']>[0]

export interface End {
  readonly machine: string
  readonly address: string
  readonly port: number
}

/** What lies between two sockets. */
export interface Link {
  readonly clock: Clock
  note(line: string): void
  /** Ms that the next delivery takes. */
  delay(): number
  /** Bytes of the next piece at most. */
  slice(): number
  isCut(one: string, other: string): boolean
  closed(socket: SimSocket): void
}

interface Written {
  readonly bytes: Uint8Array
  readonly taken: (() => void) | undefined
}

/** What travels: bytes, the end of the bytes, or the news that the sender is no more. */
type Piece = Buffer | 'end' | 'reset'

/** Two sockets that are connected to each other. */
export function connectedSockets(near: End, far: End, link: Link): readonly [SimSocket, SimSocket] {
  const client = new SimSocket(near, far, link)
  const server = new SimSocket(far, near, link)
  client.connectTo(server)
  server.connectTo(client)
  return [client, server]
}

/** One end of a simulated connection. What it sends arrives in order, in pieces, each after its own delay. */
export class SimSocket implements Socket {
  readonly #near: End
  readonly #far: End
  readonly #link: Link
  #peer: SimSocket | undefined
  #handlers: Handlers | undefined
  #state: 'connected' | 'ending' | 'closed' = 'connected'
  #error: Error | undefined
  #closeTold = false
  #paused = false
  /** Not taken by this end's kernel yet. */
  #waiting: Written[] = []
  #waitingSize = 0
  /** Taken, and under way to the peer or waiting there. */
  #underWay = 0
  /** Arrived, and not read yet; `end` is behind the last byte. */
  #arrived: Exclude<Piece, 'reset'>[] = []
  /** On the wire, oldest first: nothing overtakes. */
  #wire: Piece[] = []
  #wireBusy = false
  #readScheduled = false

  constructor(near: End, far: End, link: Link) {
    this.#near = near
    this.#far = far
    this.#link = link
  }

  connectTo(peer: SimSocket): void {
    this.#peer = peer
  }

  get machine(): string {
    return this.#near.machine
  }

  get peerMachine(): string {
    return this.#far.machine
  }

  get remoteAddress(): string {
    return this.#far.address
  }

  get remotePort(): number {
    return this.#far.port
  }

  get localAddress(): string {
    return this.#near.address
  }

  get localPort(): number {
    return this.#near.port
  }

  get bufferedBytes(): number {
    return this.#waitingSize
  }

  open(handlers: Handlers): void {
    this.#handlers = handlers
    if (this.#state === 'closed') this.#tellClose()
    else this.#scheduleRead()
  }

  write(bytes: Uint8Array, taken?: () => void): void {
    if (this.#state !== 'connected') {
      if (taken !== undefined) this.#later(taken)
      return
    }
    this.#waiting.push({ bytes, taken })
    this.#waitingSize += bytes.length
    this.#take()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#scheduleRead()
  }

  end(): void {
    if (this.#state !== 'connected') return
    this.#state = 'ending'
    this.#take()
  }

  destroy(): void {
    if (this.#state === 'closed') return
    this.#close(undefined)
    this.#peer?.peerGone()
  }

  /** The connection breaks: both ends hear ECONNRESET. */
  reset(): void {
    const peer = this.#peer
    this.#close(resetError(this.#far))
    peer?.peerReset()
  }

  /** The process at this end was killed: what it had sent still arrives, then the peer hears a reset. */
  crash(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#closeTold = true
    this.#waiting = []
    this.#arrived = []
    this.#link.closed(this)
    this.#wire.push('reset')
    this.deliver()
  }

  /** Sends the next piece on its way, unless the line is cut; `heal` calls it again. */
  deliver(): void {
    const { clock, isCut, delay } = this.#link
    if (this.#wireBusy || this.#wire.length === 0 || isCut(this.machine, this.peerMachine)) return
    this.#wireBusy = true
    clock.after(delay(), () => {
      this.#wireBusy = false
      if (isCut(this.machine, this.peerMachine)) return
      const piece = this.#wire.shift()
      if (piece !== undefined) this.#peer?.receive(piece)
      this.deliver()
    })
  }

  receive(piece: Piece): void {
    if (this.#state === 'closed') return
    if (piece === 'reset') return this.peerReset()
    this.#arrived.push(piece)
    this.#read()
  }

  /** The peer read so many bytes. */
  acknowledge(size: number): void {
    this.#underWay -= size
    this.#take()
  }

  /** The peer closed; what it had sent before still arrives. */
  peerGone(): void {
    this.#later(() => {
      if (this.#state === 'closed') return
      this.#wire = []
      this.#close(undefined)
    })
  }

  peerReset(): void {
    this.#close(resetError(this.#far))
  }

  /** Moves what was written into the window of the connection. */
  #take(): void {
    while (this.#waiting.length > 0 && this.#underWay < WINDOW_SIZE) {
      const { bytes, taken } = this.#waiting.shift() as Written
      this.#waitingSize -= bytes.length
      this.#underWay += bytes.length
      this.#cut(Buffer.from(bytes))
      if (taken !== undefined) this.#later(taken)
    }
    if (this.#state === 'ending' && this.#waiting.length === 0 && this.#wire.at(-1) !== 'end')
      this.#wire.push('end')
    this.deliver()
  }

  #cut(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + this.#link.slice())
      this.#wire.push(bytes.subarray(at, end))
      at = end
    }
  }

  #scheduleRead(): void {
    if (this.#readScheduled || this.#arrived.length === 0) return
    this.#readScheduled = true
    this.#later(() => {
      this.#readScheduled = false
      this.#read()
    })
  }

  #read(): void {
    while (this.#handlers !== undefined && !this.#paused && this.#state !== 'closed') {
      const piece = this.#arrived.shift()
      if (piece === undefined) return
      if (piece === 'end') return this.#ended()
      this.#link.note(`data ${this.machine}:${this.localPort} ${piece.length} ${piece[0] ?? 0}`)
      this.#handlers.data(piece)
      this.#peer?.acknowledge(piece.length)
    }
  }

  /** The peer sends no more: as Node does without allowHalfOpen, this end sends what is queued and closes. */
  #ended(): void {
    this.#later(() => {
      const peer = this.#peer
      this.#close(undefined)
      peer?.peerGone()
    })
  }

  #close(error: Error | undefined): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#error = error
    for (const { taken } of this.#waiting) if (taken !== undefined) this.#later(taken)
    this.#waiting = []
    this.#waitingSize = 0
    this.#arrived = []
    this.#link.closed(this)
    this.#link.note(`close ${this.machine}:${this.localPort}`)
    this.#tellClose()
  }

  #tellClose(): void {
    this.#later(() => {
      if (this.#handlers === undefined || this.#closeTold) return
      this.#closeTold = true
      this.#handlers.close(this.#error)
    })
  }

  #later(run: () => void): void {
    this.#link.clock.after(0, run)
  }
}

function resetError({ address, port }: End): Error {
  return Object.assign(new Error(`the connection with ${address}:${port} was reset`), { code: 'ECONNRESET' })
}
