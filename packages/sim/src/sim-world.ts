import type { Env, Host, Log } from '@rockhopper/env'
import { createSeededRandom, seeded } from './seeded.js'
import { createSimCompute } from './sim-compute.js'
import { SimDisk } from './sim-disk.js'
import { SimNetwork } from './sim-network.js'
import { Trace } from './trace.js'
import { VirtualClock } from './virtual-clock.js'

/** Ms that a call on the pool takes. */
const POOL_DELAY_MIN_MS = 0.02
const POOL_DELAY_MAX_MS = 0.6

export interface SimWorldOptions {
  /** Everything that happens depends on it and on the code, on nothing else. */
  readonly seed: number
  /** Told of each thing that happens, as one line. */
  onLine?(line: string): void
}

export interface SimMachineOptions {
  /** IPv4 address. Machines of one world have different ones. */
  readonly address?: string
  /** What an earlier process left. */
  readonly disk?: SimDisk
  readonly log?: Log
}

/** A machine of a world: an `Env` whose disk can be looked at and broken. */
export interface SimEnv extends Env {
  readonly clock: VirtualClock
  readonly disk: SimDisk
}

/** One clock, one network and any number of machines. */
export class SimWorld {
  readonly clock: VirtualClock
  readonly network: SimNetwork
  readonly trace: Trace
  readonly #random: () => number
  #machines = 0

  constructor({ seed, onLine }: SimWorldOptions) {
    this.#random = seeded(seed)
    this.clock = new VirtualClock({ random: this.#random })
    this.trace = new Trace(onLine)
    this.network = new SimNetwork(this.clock, this.#random, (line) => this.#note(line))
  }

  machine(options: SimMachineOptions = {}): SimEnv {
    const pid = ++this.#machines
    const address = options.address ?? `10.0.0.${pid}`
    const disk = options.disk ?? this.disk()
    return {
      clock: this.clock,
      disk,
      net: this.network.of(address),
      random: createSeededRandom(Math.floor(this.#random() * 2 ** 32)),
      compute: createSimCompute((job) => this.#pooled(job)),
      host: hostOf(pid, address),
      log: this.#log(address, options.log),
    }
  }

  /** An empty disk in this world; also what `afterKill` and `afterPowerLoss` need to place theirs here. */
  disk(): SimDisk {
    const disk = new SimDisk(this.diskHost)
    this.traced(disk)
    return disk
  }

  /** The time and the pool of a disk in this world. */
  get diskHost() {
    return {
      now: () => this.clock.now(),
      skip: (ms: number) => this.clock.skip(ms),
      pool: { push: (job: () => void) => this.#pooled(job) },
    }
  }

  /** Makes each operation of a disk part of the trace. A fault set later must call what it replaces. */
  traced(disk: SimDisk): void {
    disk.fault = ({ kind, path, length }) => {
      this.#note(`disk ${kind} ${path} ${length}`)
      return undefined
    }
  }

  /** Waits for a promise; the time that it takes passes in the world. */
  run<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    return this.clock.run(promise, limitMs)
  }

  #pooled(job: () => void): void {
    this.clock.after(POOL_DELAY_MIN_MS + this.#random() * (POOL_DELAY_MAX_MS - POOL_DELAY_MIN_MS), job)
  }

  #note(line: string): void {
    this.trace.note(`${this.clock.monotonic()} ${line}`)
  }

  #log(address: string, inner: Log | undefined): Log {
    const at = (level: 'info' | 'warn' | 'error'): Log['warn'] => {
      return (code, fields) => {
        this.#note(`log ${address} ${level} ${code}`)
        inner?.[level](code, fields)
      }
    }
    return { info: at('info'), warn: at('warn'), error: at('error') }
  }
}

function hostOf(pid: number, address: string): Host {
  return {
    pid,
    bootId: `sim-${pid}`,
    totalMemory: 2 ** 30,
    address,
    homeDirectory: '/home',
    timezoneOffsetMinutes: () => 0,
  }
}
