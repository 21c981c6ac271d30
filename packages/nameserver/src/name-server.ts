import type { Cancel, Env } from '@rockhopper/env'
import { hostText, MqError } from '@rockhopper/message'
import {
  createRemotingServer,
  type JsonObject,
  type JsonValue,
  parseLenientJson,
  type RemotingServer,
} from '@rockhopper/remoting'
import { stateFile } from '@rockhopper/store'
import { NAME_SERVER_DEFAULTS, type NameServerConfig } from './config.js'
import { KvConfig } from './kv-config.js'
import type { NameServerParts } from './parts.js'
import { registrationProcessors } from './processors/broker-registration.js'
import { kvProcessors } from './processors/kv-config.js'
import { routeProcessors } from './processors/routes.js'
import { serverConfigProcessors } from './processors/server-config.js'
import { topicProcessors } from './processors/topics.js'
import { RouteTable } from './route-table.js'

export interface NameServerOptions {
  readonly env: Pick<Env, 'clock' | 'compute' | 'disk' | 'log' | 'net'>
  readonly config?: Partial<NameServerConfig>
}

export interface NameServer {
  /**
   * Resolves when connections are accepted. Rejects with MqError (PORT_IN_USE, LISTEN_FAILED,
   * CONFIG_UNREADABLE).
   */
  start(): Promise<{ readonly host: string; readonly port: number }>
  /** Closes every connection; brokers and clients go on with other name servers. */
  stop(): Promise<void>
  /** `host:port` as bound, with the real port. Throws MqError NOT_STARTED before `start`. */
  readonly address: string
}

/**
 * A name server: routes in memory, told by brokers; nothing of it has to survive (Apache:
 * NamesrvController).
 */
export function createNameServer(options: NameServerOptions): NameServer {
  return new RunningNameServer(options)
}

class RunningNameServer implements NameServer {
  readonly #env: NameServerOptions['env']
  readonly #config: NameServerConfig
  readonly #routes: RouteTable
  #server: RemotingServer | undefined
  #cancelScan: Cancel | undefined
  #address: string | undefined

  constructor({ env, config }: NameServerOptions) {
    this.#env = env
    this.#config = { ...NAME_SERVER_DEFAULTS, ...config }
    this.#routes = new RouteTable(env.clock, {
      dropMissingTopics: this.#config.deleteTopicWithBrokerRegistration,
    })
  }

  get address(): string {
    if (this.#address === undefined)
      throw new MqError('NOT_STARTED', 'asking the name server for its address')
    return this.#address
  }

  async start(): Promise<{ host: string; port: number }> {
    if (this.#server !== undefined) throw new MqError('ALREADY_STARTED', 'starting the name server')
    const { clock, compute, log, net } = this.#env
    const kv = this.#loadKv()
    const parts: NameServerParts = { clock, compute, log, config: this.#config, routes: this.#routes, kv }
    this.#server = createRemotingServer({
      net,
      clock,
      log,
      host: this.#config.host,
      port: this.#config.listenPort,
      processors: {
        ...registrationProcessors(parts),
        ...routeProcessors(parts),
        ...topicProcessors(parts),
        ...kvProcessors(parts),
        ...serverConfigProcessors(parts),
      },
      onConnectionClosed: (connection) => {
        this.#forget('connection closed', this.#routes.channelClosed(connection))
      },
    })
    const bound = await this.#server.start()
    this.#address = hostText({ address: bound.host, port: bound.port })
    this.#scanLater()
    return bound
  }

  async stop(): Promise<void> {
    this.#cancelScan?.()
    await this.#server?.stop()
  }

  #scanLater(): void {
    this.#cancelScan = this.#env.clock.after(this.#config.scanNotActiveBrokerInterval, () => {
      this.#forget('no sign of life', this.#routes.expire())
      this.#scanLater()
    })
  }

  #forget(why: string, gone: ReturnType<RouteTable['expire']>): void {
    for (const { identity } of gone) this.#env.log.info('BROKER_GONE', { why, ...identity })
  }

  #loadKv(): KvConfig {
    const path = this.#config.kvConfigPath
    if (path === '') return new KvConfig(() => Promise.resolve())
    return loadKvFile(this.#env.disk, path)
  }
}

/** kvConfig.json: `{"configTable":{namespace:{key:value}}}` (Apache: KVConfigManager). */
function loadKvFile(disk: Env['disk'], path: string): KvConfig {
  const file = stateFile(disk, path)
  const saved = file.load((text) => {
    const parsed = parseLenientJson(Buffer.from(text))
    if (!parsed.ok) throw new SyntaxError(parsed.reason)
    return readConfigTable(parsed.value)
  })
  return new KvConfig((text) => file.save(text), saved)
}

/** Values that are no text are left out: nothing of ours or of Apache's writes them. */
function readConfigTable(value: JsonValue): Record<string, Record<string, string>> {
  const table: Record<string, Record<string, string>> = Object.create(null)
  const namespaces = isObject(value) ? value['configTable'] : undefined
  for (const [namespace, entries] of Object.entries(isObject(namespaces) ? namespaces : {})) {
    const texts = Object.entries(isObject(entries) ? entries : {}).filter(
      ([, text]) => typeof text === 'string',
    )
    table[namespace] = Object.fromEntries(texts) as Record<string, string>
  }
  return table
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
