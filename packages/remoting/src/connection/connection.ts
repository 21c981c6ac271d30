import type { Socket } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import type { CommandName, RequestHeader } from '../protocol/commands.js'
import type { FrameFault } from '../protocol/frame.js'
import { FrameReader } from '../protocol/frame-reader.js'
import {
  type ExtFields,
  Flag,
  isOneway,
  isResponse,
  type RemotingCommand,
} from '../protocol/remoting-command.js'
import { encodeReplyHead, encodeRequestHead, type Response, readResponse } from './command-codec.js'
import type { ConnectionShared } from './connection-shared.js'
import { Outbound } from './outbound.js'
import { PendingRequests } from './pending-requests.js'
import type { Reply, TurnEntry } from './processor.js'
import { closedUnheard, tlsHint } from './tls-hint.js'

/** Why a connection ended. Only 'peer' and 'local' are ordinary. */
export type CloseReason =
  | FrameFault
  | 'header-illegal'
  | 'peer'
  | 'local'
  | 'idle'
  | 'partial-frame-timeout'
  | 'outbound-overflow'
  | 'outbound-stalled'
  | 'outbound-total'
  | 'too-many-connections'
  | 'turn-entry-failed'

export interface InvokeOptions {
  /** From the call to the answer. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Beside the header; wins over it. */
  readonly extFields?: ExtFields | undefined
}

export const DEFAULT_TIMEOUT_MS = 3_000

/** What an answer needs to know of its request. */
export type Asked = Pick<RemotingCommand, 'flag' | 'opaque'>

const NO_PIECES: readonly Uint8Array[] = []

/**
 * One socket with everything on it: frames in, replies and requests out. Either side may ask (remoting.md
 * section 1), so both ends use this class.
 */
export class Connection {
  /** Unique in its server or client. */
  readonly id: number
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
  /** Client ids that registered through this connection; kept by who serves heartbeats. */
  readonly clientIds = new Set<string>()
  readonly #socket: Socket
  readonly #shared: ConnectionShared
  readonly #reader: FrameReader
  readonly #outbound: Outbound
  readonly #pending: PendingRequests
  readonly #closeListeners: (() => void)[] = []
  #closeReason: CloseReason | undefined
  #isClosed = false
  #isPaused = false
  #isEnding = false
  #isHeard = false
  #inFlight = 0
  #inFlightBytes = 0
  #activeAt: number
  #partialSince: number | undefined
  #progressAt = 0
  #outstanding = 0

  constructor(socket: Socket, shared: ConnectionShared) {
    const { limits, clock } = shared.options
    this.id = shared.takeId()
    this.remoteAddress = socket.remoteAddress
    this.remotePort = socket.remotePort
    this.localAddress = socket.localAddress
    this.localPort = socket.localPort
    this.#socket = socket
    this.#shared = shared
    this.#reader = new FrameReader((...frame) => this.#onFrame(...frame), limits.frameSizeMax)
    this.#outbound = new Outbound(socket, shared.pool, shared.output, (bytes) => this.#onOutstanding(bytes))
    this.#pending = new PendingRequests(shared.wheel, limits.pendingMax)
    this.#activeAt = clock.monotonic()
    shared.add(this)
    socket.open({ data: (chunk) => this.#onData(chunk), close: (error) => this.#onClosed(error) })
  }

  /** No frame is taken or sent any more. */
  get closed(): boolean {
    return this.#isClosed || this.#closeReason !== undefined
  }

  /** Requests of the peer whose answer is still due. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Our requests that wait for an answer. */
  get pendingCount(): number {
    return this.#pending.size
  }

  get outstandingBytes(): number {
    return this.#outstanding
  }

  /** Runs once when the connection is closed; at once when it is closed already. */
  onClose(run: () => void): void {
    if (this.#isClosed) run()
    else this.#closeListeners.push(run)
  }

  /**
   * Sends a whole frame at the end of this turn. `bytes` must not change until `taken` ran, which always
   * happens.
   */
  send(bytes: Uint8Array, taken?: () => void): void {
    if (!this.closed) this.#outbound.send(bytes, taken)
    else taken?.()
  }

  /** As `send`, for part of a scratch buffer: it is copied before this returns. */
  sendCopy(source: Buffer, start: number, end: number): void {
    if (!this.closed) this.#outbound.sendCopy(source, start, end)
  }

  /**
   * Asks the peer. Resolves with its answer whatever the code; rejects with MqError REQUEST_TIMEOUT,
   * CONNECTION_CLOSED, REQUEST_ABORTED, TOO_MANY_REQUESTS, FRAME_TOO_LARGE, ARGUMENT_ILLEGAL, or
   * BODY_ILLEGAL when the answer lacks a field its row requires.
   */
  async invoke<N extends CommandName>(
    name: N,
    header: RequestHeader<N>,
    body?: Uint8Array,
    options: InvokeOptions = {},
  ): Promise<Response<N>> {
    const what = `${name} to ${this.remoteAddress}:${this.remotePort}`
    if (options.signal?.aborted === true) {
      throw new MqError('REQUEST_ABORTED', what, { cause: options.signal.reason })
    }
    if (this.closed) throw new MqError('CONNECTION_CLOSED', `${what} was not sent`)
    const opaque = this.#pending.takeOpaque()
    const { extFields } = options
    const head = encodeRequestHead(this.#shared.options, name, header, { opaque, flag: 0, body, extFields })
    const answered = this.#pending.wait(opaque, what, {
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      signal: options.signal,
    })
    if (this.#pending.has(opaque)) this.#sendParts(head, body)
    return readResponse(name, await answered, what)
  }

  /** Asks without wanting an answer. Resolves nothing: a closed connection drops it silently, as TCP may. */
  invokeOneway<N extends CommandName>(
    name: N,
    header: RequestHeader<N>,
    body?: Uint8Array,
    options: Pick<InvokeOptions, 'extFields'> = {},
  ): void {
    if (this.closed) return
    const opaque = this.#pending.takeOpaque()
    const frame = { opaque, flag: Flag.ONEWAY, body, extFields: options.extFields }
    this.#sendParts(encodeRequestHead(this.#shared.options, name, header, frame), body)
  }

  /**
   * Answers a request; nothing is sent for a one-way request. Throws MqError when the reply cannot be
   * encoded.
   */
  respond(request: Asked, name: CommandName | undefined, reply: Reply<CommandName>): void {
    const { body, taken } = reply
    if (isOneway(request.flag) || this.closed) {
      taken?.()
      return
    }
    const pieces = body === undefined ? NO_PIECES : body instanceof Uint8Array ? [body] : body
    let bodySize = 0
    for (const piece of pieces) bodySize += piece.length
    const head = encodeReplyHead(this.#shared.options, name, request.opaque, reply, bodySize)
    this.#outbound.sendPieces(head, pieces, head.length + bodySize, taken)
  }

  /** Counts a request in; false beyond the limits, and then nothing is counted. */
  admit(bodySize: number): boolean {
    const { inFlightMax, inFlightBytesMax } = this.#shared.options.limits
    if (this.#inFlight >= inFlightMax || this.#inFlightBytes + bodySize > inFlightBytesMax) {
      this.#shared.counters.overloads++
      return false
    }
    this.#inFlight++
    this.#inFlightBytes += bodySize
    return true
  }

  discharge(bodySize: number): void {
    this.#inFlight--
    this.#inFlightBytes -= bodySize
  }

  /** Logs what a processor threw and tells the owner of an assertion. */
  reportFailure(error: unknown, command: CommandName): void {
    this.#shared.fail('remoting.processor-failed', error, { command })
  }

  /** Takes no further request; what is due is answered and sent. */
  stopReading(): void {
    this.#reader.stop()
    this.#socket.pause()
    this.#isEnding = true
  }

  /** Sends what is queued, then closes. */
  end(): void {
    if (this.closed) return
    this.#isEnding = true
    this.#outbound.flush()
    this.#forgetOutbound()
    this.#closeReason = 'local'
    this.#socket.end()
    // A paused socket would not see that the peer closes its half, and never be closed itself.
    this.#socket.resume()
  }

  /** Closes at once; queued bytes may be lost. */
  close(reason: CloseReason = 'local'): void {
    if (this.#isClosed) return
    this.#forgetOutbound()
    this.#closeReason ??= reason
    this.#reader.stop()
    this.#outbound.close()
    this.#pending.rejectAll(
      'CONNECTION_CLOSED',
      `${this.remoteAddress}:${this.remotePort} was closed (${reason})`,
    )
    this.#socket.destroy()
  }

  /** Once a second: the time limits. */
  sweep(now: number): void {
    const { idleMs, partialFrameMs, outboundStallMs } = this.#shared.options.limits
    if (this.#partialSince !== undefined && now - this.#partialSince >= partialFrameMs) {
      this.close('partial-frame-timeout')
    } else if (this.#outstanding > 0 && now - this.#progressAt >= outboundStallMs) {
      this.close('outbound-stalled')
    } else if (now - this.#activeAt >= idleMs) {
      this.close('idle')
    }
  }

  #onData(chunk: Buffer): void {
    const now = this.#shared.options.clock.monotonic()
    this.#isHeard = true
    const framesBefore = this.#shared.counters.framesReceived
    this.#activeAt = now
    const fault = this.#reader.push(chunk)
    if (fault !== undefined) this.close(fault)
    if (this.#reader.partialSize === 0) this.#partialSince = undefined
    else if (this.#partialSince === undefined || this.#shared.counters.framesReceived !== framesBefore) {
      this.#partialSince = now
    }
  }

  #onFrame(bytes: Buffer, start: number, end: number, owned: boolean): void {
    const { options, counters, view } = this.#shared
    counters.framesReceived++
    view.point(bytes, start, end)
    const turnEntry = options.turnEntries.get(view.code)
    if (turnEntry !== undefined && this.#runTurnEntry(turnEntry)) return
    const decoded = view.decode(owned)
    if (!decoded.ok) this.close('header-illegal')
    else if (!isResponse(decoded.value.flag)) options.dispatcher.dispatch(this, decoded.value)
    else {
      options.onResponse?.(this, decoded.value.code)
      if (!this.#pending.complete(decoded.value)) counters.responsesDropped++
    }
  }

  #runTurnEntry(turnEntry: TurnEntry): boolean {
    try {
      return turnEntry(this.#shared.view, this)
    } catch (error) {
      this.#shared.fail('remoting.turn-entry-failed', error)
      // Whether the request had an effect is not known: no answer is better than a wrong one.
      this.close('turn-entry-failed')
      return true
    }
  }

  #onOutstanding(bytes: number): void {
    const { limits, clock } = this.#shared.options
    if (bytes < this.#outstanding || this.#outstanding === 0) {
      this.#progressAt = clock.monotonic()
      this.#activeAt = this.#progressAt
    }
    const grown = bytes - this.#outstanding
    this.#outstanding = bytes
    if (this.closed) return
    this.#shared.countOutbound(grown)
    if (this.closed) return
    if (bytes > limits.outboundCloseBytes) this.close('outbound-overflow')
    else if (!this.#isPaused && bytes > limits.outboundPauseBytes) {
      this.#isPaused = true
      this.#socket.pause()
    } else if (this.#isPaused && bytes <= limits.outboundPauseBytes / 2) {
      this.#isPaused = false
      if (!this.#isEnding) this.#socket.resume()
    }
  }

  /** What a connection that closes still holds goes with its socket. */
  #forgetOutbound(): void {
    if (!this.closed) this.#shared.countOutbound(-this.#outstanding)
  }

  #onClosed(told: Error | undefined): void {
    if (this.#isClosed) return
    const reason = this.#closeReason ?? 'peer'
    const { tls } = this.#shared.options
    const isUnheard = tls !== undefined && reason === 'peer' && !this.#isHeard
    const error = isUnheard && tlsHint(told) === undefined ? closedUnheard(tls, told) : told
    const hint = tlsHint(error)
    this.#forgetOutbound()
    this.#isClosed = true
    this.#closeReason = reason
    this.#reader.stop()
    this.#outbound.close()
    const who = `${this.remoteAddress}:${this.remotePort}`
    const why = hint === undefined ? reason : `${reason}; ${hint}`
    this.#pending.rejectAll('CONNECTION_CLOSED', `${who} was closed (${why})`, error)
    this.#shared.remove(this, reason)
    for (const run of this.#closeListeners.splice(0)) run()
  }

  #sendParts(head: Buffer, body: Uint8Array | undefined): void {
    this.#outbound.send(head)
    // Bytes sent are those at the time of the call: the body belongs to the caller, who may change it next.
    if (body !== undefined && body.length > 0) {
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
      this.#outbound.sendCopy(bytes, 0, bytes.length)
    }
  }
}
