import { existsSync, readFileSync } from 'node:fs'
import { type ApacheHome, createApacheHome } from './apache-files.js'
import { apacheServer } from './build-cache.js'
import type { Broker, Cluster, NameServer } from './cluster.js'
import { eventually } from './eventually.js'
import { freePort } from './ports.js'
import { Program } from './program.js'
import { isRouted } from './route.js'
import { ask } from './wire.js'

export interface ApacheBrokerOptions {
  readonly nameserver: string
  readonly brokerName?: string
  readonly clusterName?: string
  /** A store to open, or where to make one; without it one that goes away with the broker. */
  readonly storeDir?: string
  /** Default: none. */
  readonly zone?: string
  /** Default: a free one. */
  readonly port?: number
  /** Default 512. */
  readonly heapMb?: number
  /** Any key of Apache's broker.conf. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>
  /** Of name server and broker; later ones win over those that both always have. */
  readonly jvmArgs?: readonly string[]
}

const START_ATTEMPTS = 3
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 30_000
const SERVER_LIFETIME_MS = 1_800_000
const NAME_SERVER_CLASS = 'org.apache.rocketmq.namesrv.NamesrvStartup'
const BROKER_CLASS = 'org.apache.rocketmq.broker.BrokerStartup'

/** A real Apache name server and broker, each a process, on free ports of 127.0.0.1. */
export const ApacheRocketMQ = {
  async start(options: Omit<ApacheBrokerOptions, 'nameserver'> = {}): Promise<Cluster> {
    const nameserver = await startApacheNameServer(options)
    try {
      const broker = await startApacheBroker({ ...options, nameserver: nameserver.address })
      return {
        implementation: 'apache',
        nameserver: nameserver.address,
        broker,
        // A clean end takes Apache's broker more than ten seconds; only who wants the store needs it.
        stop: async () => void (await Promise.all([broker.kill9(), nameserver.stop()])),
      }
    } catch (error) {
      await nameserver.stop()
      throw error
    }
  },
}

export async function startApacheNameServer({
  jvmArgs = [],
}: Pick<ApacheBrokerOptions, 'jvmArgs'> = {}): Promise<NameServer> {
  return attempted(async (home) => {
    const port = await freePort()
    const address = `127.0.0.1:${port}`
    const file = home.writeProperties('namesrv.conf', { listenPort: port, bindAddress: '127.0.0.1' })
    const args = ['-Xms64m', '-Xmx256m', ...home.jvmArgs, ...jvmArgs]
    const program = await launch(home, 'Apache name server', args, NAME_SERVER_CLASS, file)
    const answers = async () =>
      (await ask(address, 106)).header.code === 0 ? true : failIfEnded(program, home)
    await started(program, home, `${address} answers`, answers)
    return {
      address,
      async stop() {
        await program.kill('SIGKILL')
        home.remove()
      },
    }
  })
}

export async function startApacheBroker(options: ApacheBrokerOptions): Promise<Broker> {
  const brokerName = options.brokerName ?? 'broker-a'
  return attempted(async (home) => {
    const port = options.port ?? (await freePort([0, -2, 1]))
    const address = `127.0.0.1:${port}`
    const storeDir = options.storeDir ?? home.storeDir
    const file = home.writeProperties('broker.conf', {
      ...brokerDefaults(brokerName, options.clusterName ?? 'DefaultCluster', port, storeDir),
      namesrvAddr: options.nameserver,
      ...options.properties,
    })
    const heapMb = options.heapMb ?? 512
    const heap = [`-Xms${heapMb}m`, `-Xmx${heapMb}m`, '-XX:MaxDirectMemorySize=512m']
    const zone = options.zone === undefined ? [] : [`-Drocketmq.zone=${options.zone}`]
    const args = [...heap, ...home.jvmArgs, ...zone, ...(options.jvmArgs ?? [])]
    const program = await launch(home, `Apache broker ${brokerName}`, args, BROKER_CLASS, file)
    await started(program, home, `${brokerName} is routed`, async () =>
      (await isRouted(options.nameserver, brokerName, address)) ? true : failIfEnded(program, home),
    )
    return {
      address,
      brokerName,
      storeDir,
      stop: () => stopped(program, home),
      kill9: async () => {
        await program.kill('SIGKILL')
        home.remove()
      },
    }
  })
}

function brokerDefaults(brokerName: string, clusterName: string, port: number, storeDir: string) {
  return {
    brokerName,
    brokerClusterName: clusterName,
    brokerId: 0,
    brokerIP1: '127.0.0.1',
    listenPort: port,
    storePathRootDir: storeDir,
    autoCreateTopicEnable: true,
    autoCreateSubscriptionGroup: true,
    enablePropertyFilter: true,
    recallMessageEnable: true,
    diskMaxUsedSpaceRatio: 98,
    // Refusing after 200 ms in the queue is right for a server, and only noise on a busy test machine.
    waitTimeMillsInSendQueue: 10_000,
    waitTimeMillsInPullQueue: 10_000,
    // An idle broker compares the whole timer wheel at each flush; once a second is most of a core.
    timerFlushIntervalMs: 5000,
    transactionCheckInterval: 5000,
    transactionTimeOut: 3000,
    // What is checked before its decision is written, 3 s later, comes twice.
    transactionOpBatchInterval: 500,
  }
}

/**
 * Another process may take a port between our look and Java's bind: then the program ends, and we try
 * elsewhere.
 */
async function attempted<T>(start: (home: ApacheHome) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const home = createApacheHome()
    try {
      return await start(home)
    } catch (error) {
      home.remove()
      if (attempt >= START_ATTEMPTS) throw error
    }
  }
}

async function launch(
  home: ApacheHome,
  name: string,
  jvmArgs: readonly string[],
  mainClass: string,
  file: string,
) {
  const classPath = await apacheServer()
  return new Program({
    name,
    command: 'java',
    args: [...jvmArgs, '-cp', classPath, mainClass, '-c', file],
    env: { ...process.env, ROCKETMQ_HOME: home.directory },
    deadlineMs: SERVER_LIFETIME_MS,
  })
}

async function started(
  program: Program,
  home: ApacheHome,
  what: string,
  ready: () => Promise<true | undefined>,
) {
  try {
    await eventually(`${program.name}: ${what}`, START_TIMEOUT_MS, ready)
  } catch (cause) {
    await program.kill('SIGKILL')
    throw new Error(`${program.name} did not start\n${program.report()}\n${log(home)}`, { cause })
  }
}

function failIfEnded(program: Program, home: ApacheHome): undefined {
  if (program.outcome === undefined) return undefined
  throw new Error(`${program.name} ended with ${program.outcome}\n${program.report()}\n${log(home)}`)
}

function log(home: ApacheHome): string {
  return existsSync(home.logFile) ? readFileSync(home.logFile, 'utf8').slice(-8_192) : ''
}

async function stopped(program: Program, home: ApacheHome): Promise<void> {
  const timer = setTimeout(() => void program.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await program.kill('SIGTERM')
  clearTimeout(timer)
  home.remove()
}
