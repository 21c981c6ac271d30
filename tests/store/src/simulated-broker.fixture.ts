import { type Broker, type BrokerConfig, createBroker } from '@rockhopper/broker'
import { type DiskOperation, type Fault, type SimDisk, type SimEnv, SimWorld, seeded } from '@rockhopper/sim'
import { nothingTold, runWorkload, type Told } from './broker-workload.js'
import type { Mode } from './simulated-store.js'

/** What makes old log files go: too many bytes, their age, or a disk that is nearly full. */
export type RetentionBy = 'size' | 'age' | 'disk'

/** A flush mode, and what old files go by meanwhile, if anything. */
export interface Setting {
  readonly mode: Mode
  readonly retention: RetentionBy | undefined
}

const LOG_FILE_SIZE = 4_096
/** Bytes of log that are kept; the oldest file goes when there are more. */
const LOG_SIZE_MAX = 3 * LOG_FILE_SIZE
/** Files that were not written to for so long may go: the shortest that a broker takes. */
export const RESERVED_MS = 3_600_000
/** Per cent: above diskSpaceCleanForciblyRatio, below the ratio at which writes are refused. */
const DISK_USE = 87
/** Retention begins a minute after the start. */
const QUIET_MS = 75_000
/** Round of the workload before which an hour passes, where files go by age. */
const LONG_ROUND = 6

const BROKER = '10.0.0.1'
const CLIENT = '10.0.0.2'
const PORT = 10_911

export function configOf({ mode, retention }: Setting): Partial<BrokerConfig> {
  return {
    flushDiskType: mode,
    ...retentionConfig(retention),
    storePathRootDir: '/store',
    mappedFileSizeCommitLog: LOG_FILE_SIZE,
    mappedFileSizeConsumeQueue: 400,
    maxHashSlotNum: 64,
    maxIndexNum: 50,
    listenPort: PORT,
    host: BROKER,
    brokerIP1: BROKER,
  }
}

function retentionConfig(by: RetentionBy | undefined): Partial<BrokerConfig> {
  switch (by) {
    case 'size':
      return { commitLogSizeMax: LOG_SIZE_MAX }
    case 'age': {
      const everyHour = Array.from({ length: 24 }, (_, hour) => hour).join(';')
      return { fileReservedTime: RESERVED_MS / 3_600_000, deleteWhen: everyHour }
    }
    case 'disk':
      return { cleanFileForciblyEnable: true, deleteFileBatchMax: 2 }
    case undefined:
      return {}
  }
}

/** Bytes of log that retention keeps at least; undefined when it removes nothing. */
export function keptOf({ retention }: Setting): number | undefined {
  if (retention === undefined) return undefined
  // By age and for space all may go but the last file, which has a byte at least.
  return retention === 'size' ? LOG_SIZE_MAX - LOG_FILE_SIZE : 1
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
    if (setting.retention === 'disk') disk.usedByOthers = (disk.total * DISK_USE) / 100
    this.#setting = setting
    let die: (result: 'killed') => void = () => undefined
    this.killed = new Promise((resolve) => {
      die = resolve
    })
    this.#die = die
  }

  /** Ms since a file was written to. */
  ageOf(path: string): number {
    return this.machine.clock.now() - (this.disk.stat(path)?.mtimeMs ?? 0)
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
    let rounds = 0
    const life = async (): Promise<void> => {
      await this.broker.start()
      await runWorkload({
        env: this.client,
        address: `${BROKER}:${PORT}`,
        told,
        random: seeded(seed),
        quietMs: this.#setting.retention === undefined ? 0 : QUIET_MS,
        goesOn: () => {
          if (this.#setting.retention === 'age' && rounds++ === LONG_ROUND)
            this.world.clock.wall += RESERVED_MS
          return !this.disk.dead
        },
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
