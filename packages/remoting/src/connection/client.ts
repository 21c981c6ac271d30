import type { AssertionError } from 'node:assert'
import type { Clock, ConnectOptions, Log, Net, Random } from '@rockhopper/env'
import { MqError, parseHost } from '@rockhopper/message'
import type { CommandName, RequestHeader } from '../protocol/commands.js'
import { CURRENT_VERSION, type Language } from '../protocol/remoting-command.js'
import { ResponseCode } from '../protocol/response-code.js'
import { connectPauseMs } from './backoff.js'
import type { Response, SignRequest } from './command-codec.js'
import { Connection, DEFAULT_TIMEOUT_MS, type InvokeOptions } from './connection.js'
import { ConnectionShared, type RemotingCounters } from './connection-shared.js'
import { Dispatcher } from './dispatcher.js'
import { DEFAULT_LIMITS, type RemotingLimits } from './limits.js'
import type { Processors } from './processor.js'
import { tlsHint } from './tls-hint.js'

export interface RemotingClientOptions {
  readonly net: Net
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** What brokers may ask of us. A code without a handler is answered with 3. */
  readonly handlers?: Processors
  /** Of a call that gives none. Default 3,000. */
  readonly timeoutMs?: number
  /** Default 3,000. */
  readonly connectTimeoutMs?: number
  readonly tls?: ConnectOptions['tls']
  /** Signs every request, also those to name servers. Default: none is signed. */
  readonly sign?: SignRequest
  readonly limits?: Partial<RemotingLimits>
  /** Default NODE_JS. */
  readonly language?: Language
  /** Default V5_3_3. */
  readonly version?: number
  /** A connection to this address ended, whoever ended it. */
  readonly onConnectionClosed?: (address: string) => void
  readonly onAssertion?: (error: AssertionError) => void
}

export interface RemotingClient {
  /**
   * Asks the server at `host:port`, connecting when needed. Resolves with its answer whatever the code;
   * rejects with MqError CONNECT_FAILED, ADDRESS_ILLEGAL, CLOSED, or what `Connection.invoke` rejects with.
   * The timeout covers connecting too. The body is copied before this returns when the connection is open,
   * else when it opened.
   */
  invoke<N extends CommandName>(
    address: string,
    name: N,
    header: RequestHeader<N>,
    body?: Uint8Array,
    options?: InvokeOptions,
  ): Promise<Response<N>>
  /** Resolves when the request was handed to an open connection; nobody knows whether it arrived. */
  invokeOneway<N extends CommandName>(
    address: string,
    name: N,
    header: RequestHeader<N>,
    body?: Uint8Array,
    options?: InvokeOptions,
  ): Promise<void>
  /**
   * Rejects everything that waits, sends what is queued, closes. Resolves when every connection is closed.
   */
  close(): Promise<void>
  readonly counters: RemotingCounters
}

/** One connection per address, made at the first call and again after it was lost. */
export function createRemotingClient(options: RemotingClientOptions): RemotingClient {
  return new Client(options)
}

type Slot =
  | { readonly kind: 'connecting'; readonly connected: Promise<Connection> }
  | { readonly kind: 'open'; readonly connection: Connection }
  | { readonly kind: 'failed'; readonly failures: number; readonly until: number; readonly error: MqError }

const CONNECT_TIMEOUT_MS = 3_000
const CLOSE_TIMEOUT_MS = 1_000

class Client implements RemotingClient {
  readonly #options: RemotingClientOptions
  readonly #shared: ConnectionShared
  readonly #slots = new Map<string, Slot>()
  readonly #addresses = new Map<Connection, string>()
  #isClosed = false

  constructor(options: RemotingClientOptions) {
    const { clock, log } = options
    this.#options = options
    this.#shared = new ConnectionShared({
      clock,
      log,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      dispatcher: new Dispatcher({ processors: options.handlers ?? {}, authorize: undefined }),
      turnEntries: new Map(),
      language: options.language ?? 'NODE_JS',
      requestVersion: options.version ?? CURRENT_VERSION,
      responseVersion: options.version ?? CURRENT_VERSION,
      sign: options.sign,
      onAssertion: options.onAssertion,
      tls: options.tls,
      onResponse: (connection, code) => this.#onResponse(connection, code),
      onClosed: (connection) => this.#onClosed(connection),
    })
  }

  get counters(): RemotingCounters {
    return this.#shared.counters
  }

  async invoke<N extends CommandName>(
    address: string,
    name: N,
    header: RequestHeader<N>,
    body?: Uint8Array,
    options: InvokeOptions = {},
  ): Promise<Response<N>> {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    const startedAt = this.#options.clock.monotonic()
    const open = this.#openConnection(address)
    if (open !== undefined) return open.invoke(name, header, body, { ...options, timeoutMs })
    const connection = await this.#connected(address, `${name} to ${address}`, timeoutMs, options.signal)
    const leftMs = timeoutMs - (this.#options.clock.monotonic() - startedAt)
    return connection.invoke(name, header, body, { ...options, timeoutMs: Math.max(1, leftMs) })
  }

  async invokeOneway<N extends CommandName>(
    address: string,
    name: N,
    header: RequestHeader<N>,
    body?: Uint8Array,
    options: InvokeOptions = {},
  ): Promise<void> {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    const connection =
      this.#openConnection(address) ??
      (await this.#connected(address, `${name} to ${address}`, timeoutMs, options.signal))
    connection.invokeOneway(name, header, body, options)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const { clock } = this.#options
    const closed = [...this.#shared.connections].map(
      (connection) => new Promise<void>((resolve) => connection.onClose(resolve)),
    )
    for (const connection of [...this.#shared.connections]) connection.end()
    const cut = clock.after(CLOSE_TIMEOUT_MS, () => {
      for (const connection of [...this.#shared.connections]) connection.close()
    })
    await Promise.all(closed)
    cut()
    // A connect that is under way ends by itself and is closed at once.
    const connecting = [...this.#slots.values()].map((slot) =>
      slot.kind === 'connecting' ? slot.connected : undefined,
    )
    await Promise.allSettled(connecting)
    this.#slots.clear()
  }

  #openConnection(address: string): Connection | undefined {
    if (this.#isClosed) throw new MqError('CLOSED', `nothing can be sent to ${address}`)
    const slot = this.#slots.get(address)
    return slot?.kind === 'open' && !slot.connection.closed ? slot.connection : undefined
  }

  /** Waits for the one connect of this address, no longer than the caller wants to. */
  #connected(address: string, what: string, timeoutMs: number, signal?: AbortSignal): Promise<Connection> {
    const connected = this.#connect(address)
    return new Promise((resolve, reject) => {
      const onAbort = () =>
        settle(() => reject(new MqError('REQUEST_ABORTED', what, { cause: signal?.reason })))
      const cancelTimer = this.#shared.wheel.after(timeoutMs, () => {
        settle(() => reject(new MqError('REQUEST_TIMEOUT', `${what} did not connect within ${timeoutMs} ms`)))
      })
      const settle = (run: () => void) => {
        cancelTimer()
        signal?.removeEventListener('abort', onAbort)
        run()
      }
      if (signal?.aborted === true) onAbort()
      else signal?.addEventListener('abort', onAbort)
      connected.then(
        (connection) => settle(() => resolve(connection)),
        (error) => settle(() => reject(error)),
      )
    })
  }

  #connect(address: string): Promise<Connection> {
    const slot = this.#slots.get(address)
    if (slot?.kind === 'connecting') return slot.connected
    if (slot?.kind === 'failed' && this.#options.clock.monotonic() < slot.until)
      return Promise.reject(slot.error)
    const connected = this.#open(address, slot?.kind === 'failed' ? slot.failures : 0)
    this.#slots.set(address, { kind: 'connecting', connected })
    return connected
  }

  async #open(address: string, failures: number): Promise<Connection> {
    const { net, connectTimeoutMs = CONNECT_TIMEOUT_MS, tls } = this.#options
    const host = parseHost(address)
    if (host === undefined) {
      const illegal = new MqError('ADDRESS_ILLEGAL', `'${address}' cannot be connected to`)
      throw this.#connectFailed(address, failures + 1, illegal)
    }
    const target = { host: host.address, port: host.port, timeoutMs: connectTimeoutMs }
    const socket = await net.connect(tls === undefined ? target : { ...target, tls }).catch((error) => {
      throw this.#connectFailed(address, failures + 1, error)
    })
    const connection = new Connection(socket, this.#shared)
    this.#addresses.set(connection, address)
    this.#slots.set(address, { kind: 'open', connection })
    if (this.#isClosed) connection.close()
    return connection
  }

  /** Calls fail at once until the pause is over, so that a caller can turn to another broker. */
  #connectFailed(address: string, failures: number, cause: unknown): MqError {
    const { clock, random } = this.#options
    const until = clock.monotonic() + connectPauseMs(failures, random)
    const hint = tlsHint(cause)
    const attempted = `connecting to ${address}${hint === undefined ? '' : ` (${hint})`}`
    const error = cause instanceof MqError ? cause : new MqError('CONNECT_FAILED', attempted, { cause })
    this.#slots.set(address, { kind: 'failed', failures, until, error })
    return error
  }

  /**
   * A server that goes away still answers what it has; the next call makes a new connection (section 6.2).
   */
  #onResponse(connection: Connection, code: number): void {
    if (code === ResponseCode.GO_AWAY) this.#forget(connection)
  }

  #onClosed(connection: Connection): void {
    const address = this.#addresses.get(connection)
    this.#forget(connection)
    this.#addresses.delete(connection)
    if (address !== undefined) this.#options.onConnectionClosed?.(address)
  }

  #forget(connection: Connection): void {
    const address = this.#addresses.get(connection)
    if (address === undefined) return
    const slot = this.#slots.get(address)
    if (slot?.kind === 'open' && slot.connection === connection) this.#slots.delete(address)
  }
}
