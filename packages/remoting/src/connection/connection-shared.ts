import { AssertionError } from 'node:assert'
import type { Cancel, Clock, Log } from '@rockhopper/env'
import { FrameView } from '../protocol/frame-view.js'
import { BufferPool } from './buffer-pool.js'
import type { Identity } from './command-codec.js'
import type { CloseReason, Connection } from './connection.js'
import type { Dispatcher } from './dispatcher.js'
import type { RemotingLimits } from './limits.js'
import { TurnOutput } from './outbound.js'
import type { TurnEntry } from './processor.js'
import { TimerWheel } from './timer-wheel.js'

export interface SharedOptions extends Identity {
  readonly clock: Clock
  readonly log: Log
  readonly limits: RemotingLimits
  readonly dispatcher: Dispatcher
  /** By request code; empty where an authorizer must see every request. */
  readonly turnEntries: ReadonlyMap<number, TurnEntry>
  /** An assertion of ours failed while serving a request: the owner decides what stops. */
  readonly onAssertion: ((error: AssertionError) => void) | undefined
  /** Of the calling side, when it speaks TLS. */
  readonly tls: { readonly cert?: string } | undefined
  readonly onResponse: ((connection: Connection, code: number) => void) | undefined
  readonly onClosed: (connection: Connection, reason: CloseReason) => void
}

/** What connections were closed for and what was dropped, since the start; read by metrics. */
export interface RemotingCounters {
  readonly closed: { [R in CloseReason]?: number }
  framesReceived: number
  /** Answers nobody waited for: late, doubled or made up. */
  responsesDropped: number
  overloads: number
}

const SWEEP_MS = 1_000

/**
 * What all connections of one server or client have in common: one timer wheel, one output per turn, one
 * sweep.
 */
export class ConnectionShared {
  readonly options: SharedOptions
  readonly wheel: TimerWheel
  readonly output: TurnOutput
  readonly pool = new BufferPool()
  /** One view for all frames: it is valid only while one frame is handled. */
  readonly view = new FrameView()
  readonly connections = new Set<Connection>()
  readonly counters: RemotingCounters = { closed: {}, framesReceived: 0, responsesDropped: 0, overloads: 0 }
  #nextId = 1
  #outboundBytes = 0
  #cancelSweep: Cancel | undefined

  constructor(options: SharedOptions) {
    this.options = options
    this.wheel = new TimerWheel(options.clock)
    this.output = new TurnOutput(options.clock)
  }

  takeId(): number {
    return this.#nextId++
  }

  add(connection: Connection): void {
    this.connections.add(connection)
    this.#cancelSweep ??= this.options.clock.after(SWEEP_MS, this.#sweep)
  }

  /**
   * Counts bytes that the kernel has not taken, of all connections together: many readers that are each slow,
   * but none beyond its own limit, must not take the memory of a process either.
   */
  countOutbound(bytes: number): void {
    this.#outboundBytes += bytes
    if (bytes <= 0 || this.#outboundBytes <= this.options.limits.outboundTotalBytes) return
    let largest: Connection | undefined
    for (const connection of this.connections) {
      if (connection.closed || connection.outstandingBytes <= (largest?.outstandingBytes ?? 0)) continue
      largest = connection
    }
    largest?.close('outbound-total')
  }

  remove(connection: Connection, reason: CloseReason): void {
    this.connections.delete(connection)
    this.counters.closed[reason] = (this.counters.closed[reason] ?? 0) + 1
    if (this.connections.size === 0) {
      this.#cancelSweep?.()
      this.#cancelSweep = undefined
    }
    if (reason !== 'peer' && reason !== 'local') {
      const { remoteAddress, remotePort } = connection
      this.options.log.warn('remoting.connection-closed', { reason, remoteAddress, remotePort })
    }
    this.options.onClosed(connection, reason)
  }

  /** The last line of a handler that must not throw into the socket. */
  fail(code: string, error: unknown, fields: Readonly<Record<string, unknown>> = {}): void {
    const { log, onAssertion } = this.options
    log.error(code, {
      ...fields,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    if (error instanceof AssertionError) onAssertion?.(error)
  }

  readonly #sweep = (): void => {
    this.#cancelSweep = undefined
    const now = this.options.clock.monotonic()
    for (const connection of [...this.connections]) connection.sweep(now)
    if (this.connections.size > 0) this.#cancelSweep ??= this.options.clock.after(SWEEP_MS, this.#sweep)
  }
}
