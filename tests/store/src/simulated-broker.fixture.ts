import { type Broker, type BrokerConfig, createBroker } from '@rockhopper/broker'
import { type DiskOperation, type Fault, type SimDisk, type SimEnv, SimWorld, seeded } from '@rockhopper/sim'
import { nothingTold, runWorkload, type Told } from './broker-workload.js'
import type { Mode } from './simulated-store.js'

/** A flush mode, and whether old files go by size meanwhile. */
export interface Setting {
  readonly mode: Mode
  readonly retention: boolean
}

/** Bytes of log that are kept; the oldest file goes when there are more. */
export const LOG_SIZE_MAX = 12_288
/** Retention begins a minute after the start. */
const QUIET_MS = 75_000

const BROKER = '10.0.0.1'
const CLIENT = '10.0.0.2'
const PORT = 10_911

export function configOf({ mode, retention }: Setting): Partial<BrokerConfig> {
  return {
    flushDiskType: mode,
    commitLogSizeMax: retention ? LOG_SIZE_MAX : 0,
    storePathRootDir: '/store',
    mappedFileSizeCommitLog: 4_096,
    mappedFileSizeConsumeQueue: 400,
    maxHashSlotNum: 64,
    maxIndexNum: 50,
    listenPort: PORT,
    host: BROKER,
    brokerIP1: BROKER,
  }
}

/** One life of a broker on a simulated machine, and a client on another one. */
export class SimulatedBroker {
  readonly world: SimWorld
  readonly machine: SimEnv
  readonly client: SimEnv
  readonly broker: Broker
  /** Resolves when a fault killed the process. */
  readonly killed: Promise<'killed'>
  readonly #setting: Setting
  readonly #die: (result: 'killed') => void

  constructor(setting: Setting, seed: number, before?: (world: SimWorld) => SimDisk) {
    this.world = new SimWorld({ seed })
    const disk = before?.(this.world) ?? this.world.disk()
    this.machine = this.world.machine({ address: BROKER, disk })
    this.client = this.world.machine({ address: CLIENT })
    this.broker = createBroker({ env: this.machine, config: configOf(setting) })
    this.#setting = setting
    let die: (result: 'killed') => void = () => undefined
    this.killed = new Promise((resolve) => {
      die = resolve
    })
    this.#die = die
  }

  get disk(): SimDisk {
    return this.machine.disk
  }

  /** The process ends where the fault says so: nothing that it does after that reaches anybody. */
  killWhen(fault: (operation: DiskOperation) => Fault): void {
    const trace = this.disk.fault
    this.disk.fault = (operation) => {
      trace(operation)
      const result = fault(operation)
      if (result === 'kill' || (typeof result === 'object' && result.kill)) {
        this.world.network.crash(BROKER)
        this.#die('killed')
      }
      return result
    }
  }

  start(): Promise<unknown> {
    return this.world.run(Promise.race([this.broker.start(), this.killed]))
  }

  /** Start, workload, stop; or as far as it comes. */
  async live(seed: number): Promise<Told> {
    const told = nothingTold()
    const life = async (): Promise<void> => {
      await this.broker.start()
      await runWorkload({
        env: this.client,
        address: `${BROKER}:${PORT}`,
        told,
        random: seeded(seed),
        quietMs: this.#setting.retention ? QUIET_MS : 0,
        goesOn: () => !this.disk.dead,
      })
      await this.broker.stop()
    }
    const lived = life().catch((error) => {
      if (!this.disk.dead) throw error
    })
    await this.world.run(Promise.race([lived, this.killed]))
    // What was sent before the end still arrives.
    await this.world.clock.pass(5)
    return told
  }

  get address(): string {
    return `${BROKER}:${PORT}`
  }
}
