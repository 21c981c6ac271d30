import { isMqError } from '@rockhopper/message'
import { type CommandName, commandName } from '../protocol/commands.js'
import { decodeHeader } from '../protocol/header-fields.js'
import { HeaderScanner } from '../protocol/header-scanner.js'
import { type ExtFields, isOneway, type RemotingCommand } from '../protocol/remoting-command.js'
import { ResponseCode } from '../protocol/response-code.js'
import { NO_FIELDS, requestFields } from './command-codec.js'
import type { Asked, Connection } from './connection.js'
import type {
  Authorize,
  Principal,
  Processors,
  Refusal,
  Reply,
  Request,
  Resource,
  ScannedProcessor,
  TurnEntry,
} from './processor.js'

/** A processor with the types of its row forgotten: the table lookup cannot carry them. */
type AnyProcessor = (header: never, request: Request<never>) => AnyReply | Promise<AnyReply>
type AnyReply = Reply<CommandName>

export interface DispatcherOptions {
  readonly processors: Processors
  readonly authorize: Authorize | undefined
}

/** Request code to processor, by table: one request, one reply. Used by both ends of a connection. */
export class Dispatcher {
  readonly #options: DispatcherOptions

  constructor(options: DispatcherOptions) {
    this.#options = options
  }

  dispatch(connection: Connection, request: RemotingCommand): void {
    const name = commandName(request.code)
    const processor =
      name === undefined ? undefined : (this.#options.processors[name] as AnyProcessor | undefined)
    if (name === undefined || processor === undefined) {
      connection.respond(request, undefined, notSupported(request.code))
      return
    }
    const bodySize = request.body?.length ?? 0
    if (!connection.admit(bodySize)) {
      connection.respond(request, name, OVERLOAD)
      return
    }
    this.#answer(connection, request, name, bodySize, this.#process(connection, request, name, processor))
  }

  /** The turn entry of a command that is answered by its header alone. */
  scanned(name: CommandName, scanned: ScannedProcessor<never>): TurnEntry {
    const scanner = new HeaderScanner(name)
    const processor = scanned as unknown as (
      header: object,
      connection: Connection,
    ) => ReturnType<AnyProcessor>
    const run = (connection: Connection) => {
      try {
        return processor(scanner.header(), connection)
      } catch (error) {
        return this.#failed(connection, name, error)
      }
    }
    return (frame, connection) => {
      if (frame.bodySize > 0 || !scanner.scan(frame)) return false
      const { flag, opaque } = scanner
      if (connection.admit(0)) this.#answer(connection, { flag, opaque }, name, 0, run(connection))
      else connection.respond({ flag, opaque }, name, OVERLOAD)
      return true
    }
  }

  #answer(
    connection: Connection,
    request: Asked,
    name: CommandName,
    bodySize: number,
    reply: AnyReply | Promise<AnyReply>,
  ): void {
    if (!isPromise(reply)) return this.#finish(connection, request, name, reply, bodySize)
    reply.then(
      (settled) => this.#finish(connection, request, name, settled, bodySize),
      (error) => this.#finish(connection, request, name, this.#failed(connection, name, error), bodySize),
    )
  }

  #finish(
    connection: Connection,
    request: Asked,
    name: CommandName,
    reply: AnyReply,
    bodySize: number,
  ): void {
    connection.discharge(bodySize)
    try {
      connection.respond(request, name, reply)
    } catch (error) {
      reply.taken?.()
      // A reply that cannot be encoded: a field of it is wrong, or it is larger than a frame.
      connection.respond(request, name, this.#failed(connection, name, error))
    }
  }

  /** Refusals first, then the processor. */
  #process(
    connection: Connection,
    request: RemotingCommand,
    name: CommandName,
    processor: AnyProcessor,
  ): AnyReply | Promise<AnyReply> {
    const extFields = request.extFields ?? NO_FIELDS
    const header = decodeHeader(requestFields(name), extFields)
    if (!header.ok) return { code: ResponseCode.INVALID_PARAMETER, remark: header.reason }
    const run = () =>
      processor(header.value as never, {
        command: name as never,
        body: request.body,
        extFields,
        connection,
        opaque: request.opaque,
        version: request.version,
        language: request.language,
        oneway: isOneway(request.flag),
      })
    try {
      const refusal = this.#authorize(connection, request, extFields, name, header.value)
      if (refusal === undefined) return run()
      if (!isPromise(refusal)) return refusal
      return refusal.then((settled) => settled ?? run())
    } catch (error) {
      return this.#failed(connection, name, error)
    }
  }

  /** The one place where the wire asks whether a request is allowed. */
  #authorize(
    connection: Connection,
    request: RemotingCommand,
    extFields: ExtFields,
    name: CommandName,
    header: Readonly<Record<string, unknown>>,
  ): Refusal | undefined | Promise<Refusal | undefined> {
    if (this.#options.authorize === undefined) return undefined
    const principal: Principal = {
      remoteAddress: connection.remoteAddress,
      remotePort: connection.remotePort,
      accessKey: extFields['AccessKey'],
      extFields,
      body: request.body,
      version: request.version,
    }
    return this.#options.authorize(principal, name, resourceOf(header))
  }

  /** Java answers code 1 with the exception's name and message; a reason we know has its own code. */
  #failed(connection: Connection, name: CommandName, error: unknown): AnyReply {
    if (isMqError(error) && error.responseCode !== undefined) {
      return { code: error.responseCode, remark: error.message }
    }
    connection.reportFailure(error, name)
    return { code: ResponseCode.SYSTEM_ERROR, remark: String(error) }
  }
}

const OVERLOAD: AnyReply = {
  code: ResponseCode.SYSTEM_BUSY,
  remark: '[OVERLOAD]system busy, start flow control for a while',
}

function notSupported(code: number): AnyReply {
  return { code: ResponseCode.REQUEST_CODE_NOT_SUPPORTED, remark: ` request type ${code} not supported` }
}

function resourceOf(header: Readonly<Record<string, unknown>>): Resource {
  return {
    topic: header['topic'] as string | undefined,
    group: (header['consumerGroup'] ?? header['group'] ?? header['groupName']) as string | undefined,
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}
