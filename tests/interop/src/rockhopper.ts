import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Broker, Cluster, NameServer } from './cluster.js'
import { eventually } from './eventually.js'
import { Program } from './program.js'
import { isRouted } from './route.js'
import { output } from './run.js'
import { tempDir } from './temp.js'

export interface RockhopperBrokerOptions {
  readonly nameserver: string
  readonly brokerName?: string
  readonly clusterName?: string
  /** A store to open, or where to make one; without it one that goes away with the broker. */
  readonly storeDir?: string
  readonly zone?: string
  /** Default: a free one. */
  readonly port?: number
  /** Any key of broker.conf. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>
}

const BIN = join(
  dirname(createRequire(import.meta.url).resolve('@rockhopper/cli/package.json')),
  'bin/rockhopper.js',
)
const START_TIMEOUT_MS = 90_000
const SERVER_LIFETIME_MS = 1_800_000
const READY = /^rockhopper ready(?: nameserver=(\S+))?(?: broker=(\S+))?/

/** Our `rockhopper nameserver` and `rockhopper broker`, each a process as a user would start it. */
export const Rockhopper = {
  async start(options: Omit<RockhopperBrokerOptions, 'nameserver'> = {}): Promise<Cluster> {
    const nameserver = await startRockhopperNameServer()
    try {
      const broker = await startRockhopperBroker({ ...options, nameserver: nameserver.address })
      return {
        implementation: 'rockhopper',
        nameserver: nameserver.address,
        broker,
        stop: async () => void (await Promise.all([broker.stop(), nameserver.stop()])),
      }
    } catch (error) {
      await nameserver.stop()
      throw error
    }
  },
}

export async function startRockhopperNameServer(): Promise<NameServer> {
  const { program, ready } = await launched('Rockhopper name server', ['nameserver', '--port', '0'])
  return { address: ready.nameserver, stop: async () => void (await program.kill('SIGTERM')) }
}

export async function startRockhopperBroker(options: RockhopperBrokerOptions): Promise<Broker> {
  const brokerName = options.brokerName ?? 'broker-a'
  const ownDir = options.storeDir === undefined ? tempDir('store') : undefined
  const storeDir = options.storeDir ?? join(ownDir ?? '', 'store')
  const properties = {
    brokerName,
    brokerClusterName: options.clusterName ?? 'DefaultCluster',
    ...(options.zone === undefined ? {} : { zoneName: options.zone }),
    ...options.properties,
  }
  const { program, ready } = await launched(`Rockhopper broker ${brokerName}`, [
    ...['broker', '-n', options.nameserver, '--port', String(options.port ?? 0), '--store-dir', storeDir],
    ...Object.entries(properties).map(([key, value]) => `${key}=${value}`),
  ])
  const ended = async (signal: 'SIGTERM' | 'SIGKILL') => {
    await program.kill(signal)
    if (ownDir !== undefined) rmSync(ownDir, { recursive: true, force: true })
  }
  try {
    await eventually(`${brokerName} is routed`, START_TIMEOUT_MS, async () =>
      (await isRouted(options.nameserver, brokerName, ready.broker)) ? true : undefined,
    )
  } catch (cause) {
    await ended('SIGKILL')
    throw new Error(program.report(), { cause })
  }
  return {
    address: ready.broker,
    brokerName,
    storeDir,
    stop: () => ended('SIGTERM'),
    kill9: () => ended('SIGKILL'),
  }
}

/** Standard output of the command line tool; rejects unless it ends with 0. */
export function rockhopper(args: readonly string[]): Promise<string> {
  return output(process.execPath, [BIN, ...args], { env: { ...process.env, NODE_OPTIONS: '' } })
}

async function launched(name: string, args: readonly string[]) {
  const program = new Program({
    name,
    command: process.execPath,
    args: [BIN, ...args],
    // Jest's own flags are not for a server.
    env: { ...process.env, NODE_OPTIONS: '' },
    deadlineMs: SERVER_LIFETIME_MS,
  })
  const line = await program.until(({ text }) => READY.test(String(text)), START_TIMEOUT_MS)
  const [, nameserver = '', broker = ''] = READY.exec(String(line.text)) ?? []
  return { program, ready: { nameserver, broker } }
}
