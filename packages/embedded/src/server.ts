import { type BrokerConfig, completeConfig, createBroker } from '@rockhopper/broker'
import { createNodeEnv, type Env } from '@rockhopper/env'
import { hostText, MqError } from '@rockhopper/message'
import { createNameServer } from '@rockhopper/nameserver'
import { checkDeclared } from './declared.js'
import { type Registration, untilReady } from './readiness.js'
import type { ServerConfig } from './server-config.js'
import { StopList } from './stop-list.js'

/** A name server and brokers that run in this process. */
export interface RunningServer {
  /** HOST:PORT as clients write it, or undefined when none was started. */
  readonly nameserverAddress: string | undefined
  readonly brokers: readonly RunningBroker[]
  /** Drains, flushes and closes everything, brokers first. The second call gives the promise of the first. */
  stop(): Promise<void>
}

export interface RunningBroker {
  readonly name: string
  /** Advertised HOST:PORT. */
  readonly address: string
  readonly storeDir: string
  /** Stops this broker alone; its topics stay at the others. */
  stop(): Promise<void>
}

/**
 * The only place that assembles: starts a name server and brokers, and resolves when every listener
 * accepts and a name server answers a route query with every broker and every declared topic. When a part
 * fails to start, those before it are stopped. Never exits the process and installs no handlers.
 * @throws MqError PORT_IN_USE, LISTEN_FAILED, STORE_LOCKED, CONFIG_VALUE_ILLEGAL, REGISTER_FAILED,
 * REQUEST_ABORTED, ...
 */
export async function startServer(config: ServerConfig): Promise<RunningServer> {
  const env = config.env ?? createNodeEnv()
  const host = config.host ?? '127.0.0.1'
  checkDeclared(config)
  const started = new StopList()
  try {
    const nameserverAddress = await startNameserver(config, env, host, started)
    const brokers: RunningBroker[] = []
    const registrations: Registration[] = []
    for (const given of config.brokers) {
      const complete = withAddresses(given, host, nameserverAddress)
      const broker = await startBroker(env, config, complete, started)
      brokers.push(broker)
      registrations.push({ ...broker, nameservers: addressList(complete.namesrvAddr) })
    }
    await untilReady(env, config, registrations)
    return { nameserverAddress, brokers, stop: () => started.stop() }
  } catch (error) {
    // The reason is what failed to start, whatever stopping has to say.
    await Promise.allSettled([started.stop()])
    throw error
  }
}

async function startNameserver(
  config: ServerConfig,
  env: Env,
  host: string,
  started: StopList,
): Promise<string | undefined> {
  if (config.nameserver === undefined) return undefined
  const nameserver = createNameServer({ env, config: { host, ...config.nameserver } })
  started.add(() => nameserver.stop())
  const { host: bound, port } = await nameserver.start()
  return hostText({ address: isAnyAddress(bound) ? env.host.address : bound, port })
}

/** Brokers register at the name server here first, and at further ones that their configuration names. */
function withAddresses(
  given: Partial<BrokerConfig>,
  host: string,
  nameserver: string | undefined,
): BrokerConfig {
  const addresses = [...addressList(nameserver ?? ''), ...addressList(given.namesrvAddr ?? '')]
  return completeConfig({ host, ...given, namesrvAddr: addresses.join(';') })
}

async function startBroker(
  env: Env,
  { onFatal, signal }: ServerConfig,
  config: BrokerConfig,
  started: StopList,
): Promise<RunningBroker> {
  const broker = createBroker({ env, config, ...(onFatal === undefined ? {} : { onFatal }) })
  const starting = broker.start()
  const stop = started.add(async () => {
    // The first stop ends a registration that hangs; the second one a start that came through nevertheless.
    await broker.stop()
    await Promise.allSettled([starting])
    await broker.stop()
  })
  const bound = await unlessAborted(starting, signal)
  const address = hostText({ address: bound.host, port: bound.port })
  return { name: config.brokerName, address, storeDir: config.storePathRootDir, stop }
}

const addressList = (text: string): string[] => text.split(';').filter((address) => address !== '')

/** Bound to every address of the machine: clients need one of them. */
const isAnyAddress = (host: string): boolean => host === '0.0.0.0' || host === '::'

/** The work's outcome, or REQUEST_ABORTED at the signal; the work itself goes on. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new MqError('REQUEST_ABORTED', 'Starting a broker'))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
