import type { Clock, ConnectOptions, Listener, ListenOptions, Net, Socket } from '@rockhopper/env'
import { connectedSockets, type SimSocket } from './sim-socket.js'

const EPHEMERAL_PORT_MIN = 32_768
const PORT_MAX = 65_535
const LOOPBACK = '127.0.0.1'

export interface NetworkConditions {
  /** Ms from one end to the other, at least and at most; each delivery takes its own. Order is kept. */
  readonly delayMinMs: number
  readonly delayMaxMs: number
  /** Bytes of the largest piece in which bytes arrive; the pieces are of any size up to it. */
  readonly sliceMax: number
}

const USUAL: NetworkConditions = { delayMinMs: 0.05, delayMaxMs: 0.5, sliceMax: 64 * 1024 }

interface Bound {
  readonly machine: string
  readonly options: ListenOptions
  readonly onSocket: (socket: Socket) => void
}

/**
 * The network of one simulated world. Machines have addresses; 127.0.0.1 is the machine itself. Delays and
 * slices come from the world's chance, so a seed decides which message overtakes which.
 */
export class SimNetwork {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #note: (line: string) => void
  readonly #bound = new Map<string, Bound>()
  readonly #sockets = new Set<SimSocket>()
  readonly #cuts = new Set<string>()
  #nextPort = EPHEMERAL_PORT_MIN
  conditions = USUAL

  constructor(clock: Clock, random: () => number, note: (line: string) => void) {
    this.#clock = clock
    this.#random = random
    this.#note = note
  }

  /** `Env.net` of a machine. TLS is agreed on but nothing is encrypted. */
  of(machine: string): Net {
    return {
      listen: async (options, onSocket) => this.#listen(machine, options, onSocket),
      connect: (options) => this.#connect(machine, options),
    }
  }

  /** Nothing passes between two machines until `heal`: what is sent waits, connecting times out. */
  cut(one: string, other: string): void {
    this.#cuts.add(pairOf(one, other))
  }

  heal(one: string, other: string): void {
    this.#cuts.delete(pairOf(one, other))
    for (const socket of this.#sockets) socket.deliver()
  }

  /** Both ends of every connection between two machines close with ECONNRESET; what was under way is lost. */
  reset(one: string, other: string): void {
    const pair = pairOf(one, other)
    for (const socket of [...this.#sockets])
      if (pairOf(socket.machine, socket.peerMachine) === pair) socket.reset()
  }

  /** The process on a machine was killed: its listeners are gone, what it had sent arrives, then resets. */
  crash(machine: string): void {
    for (const [key, bound] of this.#bound) if (bound.machine === machine) this.#bound.delete(key)
    for (const socket of [...this.#sockets]) if (socket.machine === machine) socket.crash()
  }

  #listen(machine: string, options: ListenOptions, onSocket: (socket: Socket) => void): Listener {
    const host = options.host === 'localhost' ? LOOPBACK : options.host
    const port = options.port === 0 ? this.#freePort(machine) : options.port
    if (this.#find(machine, host, port) !== undefined)
      throw coded(`listen ${host}:${port} on ${machine}: the port is taken`, 'EADDRINUSE')
    const key = keyOf(machine, port)
    this.#bound.set(key, { machine, options: { ...options, host }, onSocket })
    return {
      host,
      port,
      close: async () => {
        this.#bound.delete(key)
      },
    }
  }

  async #connect(machine: string, { host, port, timeoutMs, tls }: ConnectOptions): Promise<Socket> {
    const target = host === LOOPBACK || host === 'localhost' ? machine : host
    if (this.#cuts.has(pairOf(machine, target))) {
      await this.#wait(timeoutMs)
      throw coded(`connect ${host}:${port}: no answer in ${timeoutMs} ms`, 'ETIMEDOUT')
    }
    await this.#wait(this.#delay())
    const found = this.#find(target, host, port)
    if (found === undefined) throw coded(`connect ${host}:${port}: nobody listens`, 'ECONNREFUSED')
    if (tls !== undefined && found.options.tls === undefined)
      throw coded(`connect ${host}:${port}: no TLS there`, 'ECONNRESET')
    const near = { machine, address: target === machine ? host : machine, port: this.#freePort(machine) }
    const [client, server] = connectedSockets(near, { machine: target, address: host, port }, this.#link())
    for (const socket of [client, server]) this.#sockets.add(socket)
    this.#note(`connect ${machine} ${target}:${port}`)
    if (found.options.tls?.enforcing && tls === undefined) server.destroy()
    else found.onSocket(server)
    return client
  }

  #link() {
    return {
      clock: this.#clock,
      note: this.#note,
      delay: () => this.#delay(),
      slice: () => 1 + Math.floor(this.#random() * this.conditions.sliceMax),
      isCut: (one: string, other: string) => this.#cuts.has(pairOf(one, other)),
      closed: (socket: SimSocket) => void this.#sockets.delete(socket),
    }
  }

  #find(machine: string, host: string, port: number): Bound | undefined {
    const bound = this.#bound.get(keyOf(machine, port))
    const { host: at } = bound?.options ?? {}
    const everywhere = at === '0.0.0.0' || at === '::' || at === '' || host === '0.0.0.0'
    return everywhere || at === host || (at === machine && host === LOOPBACK) ? bound : undefined
  }

  #freePort(machine: string): number {
    for (;;) {
      const port = this.#nextPort
      this.#nextPort = port === PORT_MAX ? EPHEMERAL_PORT_MIN : port + 1
      if (!this.#bound.has(keyOf(machine, port))) return port
    }
  }

  #delay(): number {
    const { delayMinMs, delayMaxMs } = this.conditions
    return delayMinMs + this.#random() * (delayMaxMs - delayMinMs)
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(ms, resolve))
  }
}

const keyOf = (machine: string, port: number): string => `${machine} ${port}`
const pairOf = (one: string, other: string): string => [one, other].sort().join(' ')

function coded(text: string, code: string): Error {
  return Object.assign(new Error(text), { code })
}
