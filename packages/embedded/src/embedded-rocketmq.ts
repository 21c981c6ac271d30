import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrokerConfig } from '@rockhopper/broker'
import { createNodeEnv, type Env } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import { type RunningBroker, type RunningServer, startServer } from './server.js'
import type { DeclaredTopic } from './server-config.js'

export interface EmbeddedOptions {
  /** How many brokers, 1 to 26: broker-a, broker-b, ... Default 1. */
  readonly brokers?: number
  /**
   * Kept at stop, and found again by the next start. Default: a new directory under the system's, removed
   * at stop.
   */
  readonly storeDir?: string
  /**
   * Exist, with a route, when `start` resolves. Others are created by the first send, as
   * autoCreateTopicEnable says.
   */
  readonly topics?: readonly (string | DeclaredTopic)[]
  /** Consumer groups that exist when `start` resolves. Others are created by their first consumer. */
  readonly groups?: readonly string[]
  /** Keys of broker.conf, for every broker. */
  readonly config?: Partial<BrokerConfig>
  /** Address to bind. Default 127.0.0.1. */
  readonly host?: string
  /** Default 0: any free port. */
  readonly nameserverPort?: number
  /** Of the first broker; the others take the ports behind it. Default 0: any free port for each. */
  readonly brokerPort?: number
  /** The outside world. Default: that of Node. */
  readonly env?: Env
}

/** Ms until every broker must be known at the name server beside it. */
const READY_TIMEOUT_MS = 10_000
const BROKERS_MAX = 26

/**
 * RocketMQ inside this process: a name server and brokers on free ports of the loopback address. Several
 * may run at once. It never exits the process; it keeps the process alive until it is stopped.
 *
 *     await using mq = await EmbeddedRocketMQ.start({ topics: ['orders'] })
 */
export class EmbeddedRocketMQ {
  readonly #server: RunningServer
  readonly #cleanUp: () => void
  #stopping: Promise<void> | undefined

  private constructor(server: RunningServer, cleanUp: () => void) {
    this.#server = server
    this.#cleanUp = cleanUp
  }

  /**
   * Resolves when a name server's route query for every declared topic succeeds.
   * @throws MqError as `startServer`; nothing is left running or on disk then.
   */
  static async start(options: EmbeddedOptions = {}): Promise<EmbeddedRocketMQ> {
    const env = options.env ?? createNodeEnv()
    const storeDir = options.storeDir ?? temporaryDirectory(env)
    const cleanUp = (): void => {
      if (options.storeDir === undefined) env.disk.removeTree(storeDir)
    }
    try {
      const server = await startServer({
        env,
        host: options.host ?? '127.0.0.1',
        nameserver: { listenPort: options.nameserverPort ?? 0 },
        brokers: brokerConfigs(options, storeDir),
        topics: options.topics ?? [],
        groups: options.groups ?? [],
        readyTimeoutMs: READY_TIMEOUT_MS,
      })
      return new EmbeddedRocketMQ(server, cleanUp)
    } catch (error) {
      cleanUp()
      throw error
    }
  }

  /** HOST:PORT, the `namesrvAddr` of every client. */
  get nameserverAddress(): string {
    return this.#server.nameserverAddress as string
  }

  /** HOST:PORT of the first broker. */
  get brokerAddress(): string {
    return (this.brokers[0] as RunningBroker).address
  }

  get brokers(): readonly RunningBroker[] {
    return this.#server.brokers
  }

  /** Drains, flushes, closes; removes the store unless its directory was given. May be called again. */
  stop(): Promise<void> {
    this.#stopping ??= this.#server.stop().finally(this.#cleanUp)
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

function brokerConfigs(options: EmbeddedOptions, storeDir: string): Partial<BrokerConfig>[] {
  const { brokers = 1, brokerPort = 0, config = {} } = options
  if (!Number.isInteger(brokers) || brokers < 1 || brokers > BROKERS_MAX) {
    throw new MqError('ARGUMENT_ILLEGAL', `Starting ${brokers} brokers; 1 to ${BROKERS_MAX} are possible`)
  }
  return Array.from({ length: brokers }, (_, index) => {
    const brokerName = `broker-${String.fromCharCode(97 + index)}`
    return {
      ...config,
      brokerName: brokers === 1 ? (config.brokerName ?? brokerName) : brokerName,
      listenPort: brokerPort === 0 ? 0 : brokerPort + index,
      storePathRootDir: brokers === 1 ? storeDir : join(storeDir, brokerName),
    }
  })
}

function temporaryDirectory(env: Env): string {
  const suffix = Array.from({ length: 4 }, () => env.random.int(65_536).toString(16).padStart(4, '0')).join(
    '',
  )
  const path = join(tmpdir(), `rockhopper-${env.host.pid}-${suffix}`)
  env.disk.makeDirectory(path)
  return path
}
