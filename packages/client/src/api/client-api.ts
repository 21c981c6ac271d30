import type { ConnectTls, Env } from '@rockhopper/env'
import {
  type CommandName,
  createRemotingClient,
  type Processors,
  type RemotingCounters,
  type RequestHeader,
} from '@rockhopper/remoting'
import { type AclCredentials, aclSignature } from '../acl-signature.js'
import { adminCalls } from './admin-calls.js'
import { type CallOptions, type Commands, commandsOf } from './commands.js'
import { configurationCalls } from './configuration-calls.js'
import { consumerCalls } from './consumer-calls.js'
import { membershipCalls } from './membership-calls.js'
import { messageCalls } from './message-calls.js'
import { offsetCalls } from './offset-calls.js'
import { popCalls } from './pop-calls.js'

export interface ClientApiOptions {
  readonly env: Pick<Env, 'net' | 'clock' | 'random' | 'log'>
  readonly tls?: ConnectTls
  /** Who calls; every request is signed. */
  readonly acl?: AclCredentials
  /** Deadline of a call that has none of its own. Default 3000. */
  readonly timeoutMs?: number
  /** Default 3000. */
  readonly connectTimeoutMs?: number
  /** What brokers may ask of this client. */
  readonly handlers?: Processors
  readonly onConnectionClosed?: (address: string) => void
}

/** See `createClientApi`. */
export interface ClientApi
  extends ReturnType<typeof messageCalls>,
    ReturnType<typeof offsetCalls>,
    ReturnType<typeof popCalls>,
    ReturnType<typeof membershipCalls>,
    ReturnType<typeof consumerCalls>,
    ReturnType<typeof adminCalls>,
    ReturnType<typeof configurationCalls> {
  /** Every row of the command table, with its header and raw body. */
  readonly commands: Commands
  /** Resolves when the request was handed to an open connection; nothing tells whether it arrived. */
  oneway<N extends CommandName>(
    address: string,
    name: N,
    header: RequestHeader<N>,
    body?: Uint8Array,
    options?: CallOptions,
  ): Promise<void>
  readonly counters: RemotingCounters
  /** Rejects everything that waits, closes all connections. */
  close(): Promise<void>
}

/**
 * Calls on name servers and brokers by address (`host:port`), one connection per address. Nothing is
 * retried and no route is looked up here. Every call has a deadline and rejects with MqError:
 * CONNECT_FAILED, CONNECTION_CLOSED, REQUEST_TIMEOUT, REQUEST_ABORTED, TOO_MANY_REQUESTS, CLOSED; the named
 * calls also with RESPONSE_REFUSED.
 */
export function createClientApi(options: ClientApiOptions): ClientApi {
  const { env, tls, acl, timeoutMs, connectTimeoutMs, handlers, onConnectionClosed } = options
  const client = createRemotingClient({
    net: env.net,
    clock: env.clock,
    random: env.random,
    log: env.log,
    ...(tls === undefined ? {} : { tls }),
    ...(acl === undefined ? {} : { sign: aclSignature(acl) }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    ...(handlers === undefined ? {} : { handlers }),
    ...(onConnectionClosed === undefined ? {} : { onConnectionClosed }),
  })
  const commands: Commands = commandsOf(client)
  return {
    commands,
    ...messageCalls(commands, env.log),
    ...offsetCalls(commands),
    ...popCalls(commands, env.log),
    ...membershipCalls(commands),
    ...consumerCalls(commands),
    ...adminCalls(commands),
    ...configurationCalls(commands),
    oneway: (address, name, header, body, callOptions) =>
      client.invokeOneway(address, name, header, body, callOptions),
    get counters() {
      return client.counters
    },
    close: () => client.close(),
  }
}
