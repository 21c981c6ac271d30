import { type Broker, type BrokerConfig, createBroker } from '@rockhopper/broker'
import {
  type DiskOperation,
  type Fault,
  Ledger,
  type SimDisk,
  type SimEnv,
  SimWorld,
  seeded,
} from '@rockhopper/sim'
import { runWorkload, type Told } from './broker-workload.js'

export type Mode = 'ASYNC_FLUSH' | 'SYNC_FLUSH'
export const MODES: readonly Mode[] = ['ASYNC_FLUSH', 'SYNC_FLUSH']

const BROKER = '10.0.0.1'
const CLIENT = '10.0.0.2'
const PORT = 10_911

export function configOf(mode: Mode): Partial<BrokerConfig> {
  return {
    flushDiskType: mode,
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
  readonly #die: (result: 'killed') => void

  constructor(mode: Mode, seed: number, before?: (world: SimWorld) => SimDisk) {
    this.world = new SimWorld({ seed })
    const disk = before?.(this.world) ?? this.world.disk()
    this.machine = this.world.machine({ address: BROKER, disk })
    this.client = this.world.machine({ address: CLIENT })
    this.broker = createBroker({ env: this.machine, config: configOf(mode) })
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
    const told: Told = { ledger: new Ledger(), topics: new Set(), offsets: new Map() }
    const life = async (): Promise<void> => {
      await this.broker.start()
      await runWorkload({
        env: this.client,
        address: `${BROKER}:${PORT}`,
        told,
        random: seeded(seed),
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
