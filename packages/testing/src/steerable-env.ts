import { type Cancel, type Clock, createNodeEnv, type Env, type Net, type Socket } from '@rockhopper/env'

/** An environment whose time and network a test steers; give it to the embedded server and to its clients. */
export interface SteerableEnv {
  readonly env: Env
  /**
   * Lets `ms` pass at once, in small steps between which real input and output happen: delays, retries and
   * timeouts come due in their order, in a fraction of their time.
   */
  advance(ms: number): Promise<void>
  /** Cuts every connection, and refuses new ones until `restoreNetwork`. */
  cutNetwork(): void
  restoreNetwork(): void
}

/** One step of `advance`: below every timeout of client and broker, so that answers come in before these. */
const STEP_MS = 500
/** Real time between two steps. */
const BREATH_MS = 2

export function createSteerableEnv(base: Env = createNodeEnv()): SteerableEnv {
  const clock = new SteerableClock(base.clock)
  const network = new SteerableNet(base.net)
  return {
    env: { ...base, clock, net: network },
    cutNetwork: () => network.cut(),
    restoreNetwork: () => network.restore(),
    async advance(ms) {
      for (let left = ms; left > 0; left -= STEP_MS) {
        clock.jump(Math.min(STEP_MS, left))
        await new Promise<void>((resolve) => base.clock.after(BREATH_MS, resolve))
      }
    },
  }
}

interface Timer {
  readonly dueAt: number
  readonly run: () => void
  cancel: Cancel
}

/** Real time plus what was jumped over. */
class SteerableClock implements Clock {
  readonly #base: Clock
  readonly #timers = new Set<Timer>()
  #jumpedMs = 0

  constructor(base: Clock) {
    this.#base = base
  }

  now(): number {
    return this.#base.now() + this.#jumpedMs
  }

  monotonic(): number {
    return this.#base.monotonic() + this.#jumpedMs
  }

  endOfTurn(run: () => void): void {
    this.#base.endOfTurn(run)
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer: Timer = { dueAt: this.monotonic() + delayMs, run, cancel: () => undefined }
    this.#timers.add(timer)
    this.#arm(timer)
    return () => {
      timer.cancel()
      this.#timers.delete(timer)
    }
  }

  /** Timers that came due fire in the order of their time; the others are set anew. */
  jump(ms: number): void {
    this.#jumpedMs += ms
    for (const timer of [...this.#timers].sort((a, b) => a.dueAt - b.dueAt)) {
      timer.cancel()
      if (this.#timers.has(timer)) this.#arm(timer)
    }
  }

  #arm(timer: Timer): void {
    const leftMs = Math.max(0, timer.dueAt - this.monotonic())
    timer.cancel = this.#base.after(leftMs, () => {
      this.#timers.delete(timer)
      timer.run()
    })
  }
}

class SteerableNet implements Net {
  readonly #base: Net
  readonly #sockets = new Set<Socket>()
  #cut = false

  constructor(base: Net) {
    this.#base = base
  }

  listen(...[options, onSocket]: Parameters<Net['listen']>): ReturnType<Net['listen']> {
    return this.#base.listen(options, (socket) => {
      if (this.#cut) socket.destroy()
      else onSocket(this.#kept(socket))
    })
  }

  async connect(options: Parameters<Net['connect']>[0]): Promise<Socket> {
    if (this.#cut) throw Object.assign(new Error('the test cut the network'), { code: 'ECONNREFUSED' })
    return this.#kept(await this.#base.connect(options))
  }

  cut(): void {
    this.#cut = true
    for (const socket of [...this.#sockets]) socket.destroy()
    this.#sockets.clear()
  }

  restore(): void {
    this.#cut = false
  }

  #kept(socket: Socket): Socket {
    this.#sockets.add(socket)
    const open = socket.open.bind(socket)
    socket.open = ({ data, close }) =>
      open({
        data,
        close: (error) => {
          this.#sockets.delete(socket)
          close(error)
        },
      })
    return socket
  }
}
