import type { Env } from '@rockhopper/env'
import { hostText, MqError } from '@rockhopper/message'
import {
  type Authorize,
  createRemotingClient,
  createRemotingServer,
  type RemotingClient,
  type RemotingServer,
} from '@rockhopper/remoting'
import { createMessageStore, type MessageStore, TimerStore } from '@rockhopper/store'
import { BackgroundLoop } from './background-loop.js'
import { type BrokerConfig, completeConfig, storeConfigOf } from './config.js'
import { createParts } from './create-parts.js'
import { MemberWatch } from './member-watch.js'
import type { BrokerParts } from './parts.js'
import { PopService } from './pop/pop-service.js'
import { brokerProcessors } from './processors/all.js'
import { scannedPullProcessors } from './processors/pull-message.js'
import { Registration } from './registration.js'
import { registrationPayload } from './registration-payload.js'
import { ScheduleService } from './schedule.js'
import { sendTurnEntries } from './send-turn-entry.js'
import { brokerStateFiles } from './state-files.js'
import { TimerService } from './timer/timer-service.js'
import { Transactions } from './transaction/transactions.js'
import { BrokerWriteGate } from './write-gate.js'

/** How long `stop` waits for sends that are placed to be written. */
const DRAIN_MS = 3_000
/** How long a changed topic waits for name servers; the registration itself goes on. */
const ROUTE_PATIENCE_MS = 1_000

export interface BrokerOptions {
  readonly env: Env
  readonly config?: Partial<BrokerConfig>
  /** Asked for every request, in the remoting server. Default: everything is allowed. */
  readonly authorize?: Authorize
  /** The disk failed; the store takes no more writes. Called once. */
  readonly onFatal?: (error: Error) => void
}

export interface Broker {
  /**
   * Recovers the store, listens, registers at every name server that can be reached. Name servers that
   * cannot are tried again in the background. Resolves with the advertised address. Rejects with MqError;
   * nothing is left running then.
   */
  start(): Promise<{ readonly host: string; readonly port: number }>
  /**
   * Unregisters, refuses new sends, answers those under way, ends waiting pulls, persists offsets, closes
   * the store.
   */
  stop(): Promise<void>
  /** Advertised `host:port`. Throws MqError NOT_STARTED before `start`. */
  readonly address: string
  readonly store: MessageStore
}

/** One broker in this process (Apache: BrokerController). */
export function createBroker(options: BrokerOptions): Broker {
  return new LocalBroker(options)
}

interface Running {
  readonly parts: BrokerParts
  readonly gate: BrokerWriteGate
  readonly server: RemotingServer
  readonly client: RemotingClient
  readonly registration: Registration
  readonly schedule: ScheduleService
  readonly transactions: Transactions
  readonly pop: PopService
  readonly timer: TimerService | undefined
  readonly loops: readonly BackgroundLoop[]
}

class LocalBroker implements Broker {
  readonly store: MessageStore
  readonly #options: BrokerOptions
  readonly #config: BrokerConfig
  #timerStore: TimerStore | undefined
  #running: Running | undefined
  #started = false

  constructor(options: BrokerOptions) {
    this.#options = options
    this.#config = completeConfig(options.config ?? {})
    this.store = createMessageStore({
      env: options.env,
      config: storeConfigOf(this.#config),
      onFatal: (error) => {
        options.env.log.error('STORE_FAILED', { error })
        options.onFatal?.(error)
      },
    })
  }

  get address(): string {
    if (this.#running === undefined) throw new MqError('NOT_STARTED', 'asking the broker for its address')
    return hostText(this.#running.parts.storeHost)
  }

  async start(): Promise<{ host: string; port: number }> {
    if (this.#started) throw new MqError('ALREADY_STARTED', 'starting the broker')
    this.#started = true
    await this.store.start()
    try {
      this.#running = await this.#assemble()
    } catch (error) {
      this.#timerStore?.close()
      await this.store.stop()
      throw error
    }
    const { parts, pop, registration, schedule, timer, transactions, loops } = this.#running
    schedule.start()
    transactions.start()
    timer?.start()
    pop.start()
    for (const loop of loops) loop.start()
    await registration.register()
    return { host: parts.storeHost.address, port: parts.storeHost.port }
  }

  async stop(): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    this.#running = undefined
    const { parts, gate, server, client, pop, registration, schedule, timer, transactions, loops } = running
    await registration.stop()
    gate.close()
    await this.#atMost(DRAIN_MS, parts.tickets.drained())
    parts.arrivals.releaseAll()
    pop.releaseWaiting()
    await schedule.stop()
    await server.stop()
    await transactions.stop()
    await pop.stop()
    await timer?.stop()
    for (const loop of loops) await loop.stop()
    await persist(parts, schedule)
    await client.close()
    await this.store.stop()
  }

  /** Everything but the background work, listening. */
  async #assemble(): Promise<Running> {
    const { env, authorize } = this.#options
    const files = brokerStateFiles(env.disk, this.#config.storePathRootDir)
    const gate = new BrokerWriteGate(this.#config)
    const storeHost = { address: advertisedAddress(this.#config, env), port: 0 }
    this.#timerStore = await this.#openTimerStore()
    const parts = createParts({
      env,
      timerStore: this.#timerStore,
      config: this.#config,
      store: this.store,
      files,
      writeGate: gate,
      storeHost,
    })
    const schedule = new ScheduleService(parts, files.delayOffsets.file, files.delayOffsets.saved)
    const transactions = new Transactions(parts, files.transactionMetrics)
    await transactions.load()
    const timer = this.#timerStore && new TimerService(parts, this.#timerStore, files.timerMetrics)
    const client = createRemotingClient({ net: env.net, clock: env.clock, random: env.random, log: env.log })
    const pop = new PopService({ parts, files, timer, client })
    const members = new MemberWatch(parts)
    const server = createRemotingServer({
      net: env.net,
      clock: env.clock,
      log: env.log,
      host: this.#config.host,
      port: this.#config.listenPort,
      authorize,
      processors: brokerProcessors({
        ...parts,
        schedule,
        timer,
        transactions,
        pop,
        host: env.host,
        disk: env.disk,
      }),
      turnEntries: sendTurnEntries(parts),
      scannedProcessors: scannedPullProcessors(parts),
      onConnectionClosed: (connection) => {
        members.connectionClosed(connection)
        pop.connectionClosed(connection)
      },
    })
    storeHost.port = (await server.start()).port
    const registration = this.#registration(parts, client)
    parts.topics.onChange = async (what) => {
      const isIncrement = what === 'topics' && !parts.config.enableSingleTopicRegister
      const registering = isIncrement ? registration.registerChanges() : registration.register()
      await this.#atMost(ROUTE_PATIENCE_MS, registering)
    }
    const loops = this.#loops(parts, schedule, members)
    return { parts, gate, server, client, pop, registration, schedule, timer, transactions, loops }
  }

  async #openTimerStore(): Promise<TimerStore | undefined> {
    const config = this.#config
    if (!config.timerWheelEnable) return undefined
    const timerStore = new TimerStore({
      env: this.#options.env,
      storePathRootDir: config.storePathRootDir,
      precisionMs: timerPrecision(config.timerPrecisionMs),
      logFileSize: config.mappedFileSizeTimerLog,
    })
    await timerStore.open()
    return timerStore
  }

  #registration(parts: BrokerParts, client: RemotingClient): Registration {
    const { compute, clock, log } = this.#options.env
    const addresses = parts.config.namesrvAddr.split(';').map((address) => address.trim())
    return new Registration({
      clock,
      log,
      client,
      addresses: addresses.filter((address) => address !== ''),
      periodMs: parts.config.registerNameServerPeriod,
      timeoutMs: parts.config.registerBrokerTimeoutMills,
      payload: (since) => registrationPayload(parts, compute, since),
    })
  }

  #loops(parts: BrokerParts, schedule: ScheduleService, members: MemberWatch): BackgroundLoop[] {
    const { clock, config, consumerFilters, log, offsets } = parts
    const loop = (code: string, everyMs: number, work: () => Promise<void>) =>
      new BackgroundLoop({ clock, log, code, everyMs }, work)
    return [
      loop('CONSUMER_OFFSETS_NOT_SAVED', config.flushConsumerOffsetInterval, () => offsets.persist()),
      loop('CONSUMER_FILTERS_NOT_SAVED', CONSUMER_FILTERS_MS, () => consumerFilters.persist()),
      loop('DELAY_OFFSETS_NOT_SAVED', config.flushDelayOffsetInterval, () => schedule.persist()),
      loop('MEMBER_SCAN_FAILED', MEMBER_SCAN_MS, async () => members.dropSilent()),
    ]
  }

  /** The timer ends with the wait: it would keep the process alive after `stop`. */
  #atMost(ms: number, work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#options.env.clock.after(ms, resolve)
      work.then(resolve, reject).finally(cancel)
    })
  }
}

/** Apache: MessageStoreConfig.setTimerPrecisionMs. */
function timerPrecision(wantedMs: number): number {
  return [1_000, 500, 200].find((ms) => wantedMs >= ms) ?? 100
}

/** Apache: BrokerController#initializeBrokerScheduledTasks. */
const CONSUMER_FILTERS_MS = 10_000

/** Apache: ClientHousekeepingService. */
const MEMBER_SCAN_MS = 10_000

async function persist(
  { consumerFilters, log, offsets }: BrokerParts,
  schedule: ScheduleService,
): Promise<void> {
  const results = await Promise.allSettled([offsets.persist(), schedule.persist(), consumerFilters.persist()])
  for (const result of results) {
    if (result.status === 'rejected') log.error('OFFSETS_NOT_SAVED', { error: result.reason })
  }
}

/** Records hold an address in bytes, so it is one, not a name. */
function advertisedAddress({ brokerIP1, host }: BrokerConfig, env: Pick<Env, 'host'>): string {
  const wanted = brokerIP1 !== '' ? brokerIP1 : host
  if (wanted === 'localhost') return '127.0.0.1'
  if (wanted === '0.0.0.0' || wanted === '::') return env.host.address
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(wanted) || wanted.includes(':')) return wanted
  throw new MqError('CONFIG_VALUE_ILLEGAL', `brokerIP1=${wanted} must be an IP address`)
}
