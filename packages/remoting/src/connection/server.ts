import type { AssertionError } from 'node:assert'
import type { Clock, Listener, ListenOptions, Log, Net, Socket } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import { type CommandName, commandRow } from '../protocol/commands.js'
import { CURRENT_VERSION, type Language } from '../protocol/remoting-command.js'
import { type CloseReason, Connection } from './connection.js'
import { ConnectionShared, type RemotingCounters } from './connection-shared.js'
import { Dispatcher } from './dispatcher.js'
import { DEFAULT_LIMITS, type RemotingLimits } from './limits.js'
import type { Authorize, Processors, ScannedProcessor, ScannedProcessors, TurnEntry } from './processor.js'

export interface RemotingServerOptions {
  readonly net: Net
  readonly clock: Clock
  readonly log: Log
  readonly host: string
  /** 0 means any free port; `start` says which. */
  readonly port: number
  readonly tls?: ListenOptions['tls']
  /** A code without a processor is answered with 3. */
  readonly processors: Processors
  /**
   * By request code, tried before the processors. Not used while `authorize` is set: it must see every
   * request.
   */
  readonly turnEntries?: { readonly [code: number]: TurnEntry }
  /** Tried where there is no turn entry; otherwise as those. Each command has a processor, too. */
  readonly scannedProcessors?: ScannedProcessors
  /** Default: everything is allowed. */
  readonly authorize?: Authorize | undefined
  readonly limits?: Partial<RemotingLimits>
  readonly onConnectionClosed?: (connection: Connection, reason: CloseReason) => void
  /**
   * An assertion of ours failed in a processor. The request was answered with 1; the owner decides what
   * stops.
   */
  readonly onAssertion?: (error: AssertionError) => void
  /** What responses name as language. Default JAVA, as Apache's servers answer. */
  readonly language?: Language
}

export interface RemotingServer {
  /** Listens; resolves with where. Rejects with MqError PORT_IN_USE or LISTEN_FAILED. */
  start(): Promise<{ readonly host: string; readonly port: number }>
  /**
   * Stops accepting and reading, answers what is being processed, sends it, closes. After `timeoutMs`
   * (default 5,000) the rest is cut.
   */
  stop(timeoutMs?: number): Promise<void>
  readonly connections: ReadonlySet<Connection>
  readonly counters: RemotingCounters
}

/** Accepts connections and dispatches requests by code. */
export function createRemotingServer(options: RemotingServerOptions): RemotingServer {
  return new Server(options)
}

const STOP_TIMEOUT_MS = 5_000
const STOP_POLL_MS = 10

class Server implements RemotingServer {
  readonly #options: RemotingServerOptions
  readonly #limits: RemotingLimits
  readonly #shared: ConnectionShared
  readonly #countByAddress = new Map<string, number>()
  #listener: Listener | undefined
  #isStopping = false

  constructor(options: RemotingServerOptions) {
    const { clock, log, processors, authorize } = options
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    const dispatcher = new Dispatcher({ processors, authorize })
    this.#shared = new ConnectionShared({
      clock,
      log,
      limits: this.#limits,
      dispatcher,
      turnEntries: authorize === undefined ? turnEntries(options, dispatcher) : new Map(),
      language: options.language ?? 'JAVA',
      requestVersion: CURRENT_VERSION,
      // Java's client subscribes with SQL92 only where the heartbeat was answered with V4_1_0 or later.
      responseVersion: CURRENT_VERSION,
      onAssertion: options.onAssertion,
      tls: undefined,
      onResponse: undefined,
      onClosed: (connection, reason) => this.#onClosed(connection, reason),
    })
  }

  get connections(): ReadonlySet<Connection> {
    return this.#shared.connections
  }

  get counters(): RemotingCounters {
    return this.#shared.counters
  }

  async start(): Promise<{ host: string; port: number }> {
    const { net, host, port, tls } = this.#options
    if (this.#listener !== undefined) throw new MqError('ALREADY_STARTED', `the server on ${host}:${port}`)
    const listen = { host, port, ...(tls === undefined ? {} : { tls }) }
    const listening = net.listen(listen, (socket) => this.#onSocket(socket))
    this.#listener = await listening.catch((error) => {
      throw listenFailed(host, port, error)
    })
    return { host: this.#listener.host, port: this.#listener.port }
  }

  async stop(timeoutMs: number = STOP_TIMEOUT_MS): Promise<void> {
    const { clock } = this.#options
    this.#isStopping = true
    const listenerClosed = this.#listener?.close()
    for (const connection of this.connections) connection.stopReading()
    const deadline = clock.monotonic() + timeoutMs
    while (this.connections.size > 0 && clock.monotonic() < deadline) {
      for (const connection of [...this.connections]) {
        if (connection.inFlight === 0) connection.end()
      }
      await new Promise<void>((resolve) => clock.after(STOP_POLL_MS, resolve))
    }
    for (const connection of [...this.connections]) connection.close()
    await listenerClosed
    await Promise.all(
      [...this.connections].map((connection) => new Promise<void>((resolve) => connection.onClose(resolve))),
    )
  }

  #onSocket(socket: Socket): void {
    const fromAddress = this.#countByAddress.get(socket.remoteAddress) ?? 0
    const isFull =
      this.connections.size >= this.#limits.connectionsMax ||
      fromAddress >= this.#limits.connectionsPerAddressMax
    this.#countByAddress.set(socket.remoteAddress, fromAddress + 1)
    const connection = new Connection(socket, this.#shared)
    if (isFull) connection.close('too-many-connections')
    else if (this.#isStopping) connection.close()
  }

  #onClosed(connection: Connection, reason: CloseReason): void {
    const left = (this.#countByAddress.get(connection.remoteAddress) ?? 1) - 1
    if (left > 0) this.#countByAddress.set(connection.remoteAddress, left)
    else this.#countByAddress.delete(connection.remoteAddress)
    this.#options.onConnectionClosed?.(connection, reason)
  }
}

function turnEntries(options: RemotingServerOptions, dispatcher: Dispatcher): Map<number, TurnEntry> {
  const entries = new Map<number, TurnEntry>()
  for (const [name, processor] of Object.entries(options.scannedProcessors ?? {})) {
    const command = name as CommandName
    entries.set(commandRow(command).code, dispatcher.scanned(command, processor as ScannedProcessor<never>))
  }
  for (const [code, entry] of Object.entries(options.turnEntries ?? {})) entries.set(Number(code), entry)
  return entries
}

function listenFailed(host: string, port: number, cause: unknown): MqError {
  const isTaken = (cause as { code?: unknown } | undefined)?.code === 'EADDRINUSE'
  return new MqError(isTaken ? 'PORT_IN_USE' : 'LISTEN_FAILED', `listening on ${host}:${port} failed`, {
    cause,
  })
}
