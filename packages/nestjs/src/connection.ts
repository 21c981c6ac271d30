import type { LoggerService } from '@nestjs/common'
import type { ClientOptions } from '@rockhopper/client'
import { createNodeEnv, type Env } from '@rockhopper/env'
import { nativeClients, type RocketMQClients } from './native.js'
import { nestLog } from './nest-log.js'
import { nameServerAddress, type RocketMQConnectionOptions } from './options.js'

/** What server and client share while they run. */
export interface Connection {
  readonly env: Env
  readonly clients: RocketMQClients
  /** For every producer, consumer and probe. */
  readonly options: ClientOptions
}

const CONNECT_ATTEMPTS = 8
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 3_000

/** Resolves addresses and makes the environment; touches no network. */
export function openConnection(options: RocketMQConnectionOptions, logger: LoggerService): Connection {
  const namesrvAddr = nameServerAddress(options)
  const env = options.env ?? createNodeEnv({ log: nestLog(logger) })
  const { clients = nativeClients } = options
  return { env, clients, options: { namesrvAddr, env, ...accessOf(options) } }
}

/** How a client proves who it is, and who it talks to. */
export function accessOf({ tls, acl }: RocketMQConnectionOptions): Pick<ClientOptions, 'tls' | 'acl'> {
  return { ...(tls === undefined ? {} : { tls }), ...(acl === undefined ? {} : { acl }) }
}

/**
 * Waits until a name server answers, with growing pauses.
 * @throws the last failure, after `connectAttempts` of them or as soon as `stopped` says so.
 */
export async function waitForNameServer(
  { env, clients, options }: Connection,
  { connectAttempts = CONNECT_ATTEMPTS }: RocketMQConnectionOptions,
  stopped: () => boolean,
): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS
  for (let attempt = 1; attempt <= connectAttempts; attempt++) {
    try {
      return await clients.probe(options)
    } catch (error) {
      if (attempt === connectAttempts || stopped()) throw error
      env.log.warn('nestjs.nameServer.unreachable', {
        namesrvAddr: options.namesrvAddr,
        attempts: connectAttempts,
      })
    }
    await new Promise<void>((resolve) => env.clock.after(pauseMs, resolve))
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
  }
}
