import type { CommandName, RequestHeader, ResponseHeader } from '../protocol/commands.js'
import type { FrameView } from '../protocol/frame-view.js'
import type { ExtFields, Language } from '../protocol/remoting-command.js'
import { ResponseCode } from '../protocol/response-code.js'
import type { Connection } from './connection.js'

/** What a processor answers: exactly one per request. */
export interface Reply<N extends CommandName> {
  readonly code: number
  readonly remark?: string | undefined
  readonly header?: ResponseHeader<N> | undefined
  /**
   * Several buffers are sent one behind another without being joined; they must not change until they are
   * taken.
   */
  readonly body?: Uint8Array | readonly Uint8Array[] | undefined
  /** Beside the header; wins over it. */
  readonly extFields?: ExtFields | undefined
  /** Runs once when the body's buffers may be reused, also when the reply was never sent. */
  readonly taken?: (() => void) | undefined
}

/** The request beside its typed header. Everything in it is owned by the processor. */
export interface Request<N extends CommandName = CommandName> {
  readonly command: N
  readonly body: Buffer | undefined
  /** All fields of the wire, also those the row does not name. No prototype. */
  readonly extFields: ExtFields
  readonly connection: Connection
  readonly opaque: number
  readonly version: number
  readonly language: Language | undefined
  /** The answer is dropped. */
  readonly oneway: boolean
}

/**
 * Answers one command. May be synchronous: the reply then leaves in the same turn. A throw becomes code 1,
 * or the response code of an MqError that has one.
 */
export type Processor<N extends CommandName> = (
  header: RequestHeader<N>,
  request: Request<N>,
) => Reply<N> | Promise<Reply<N>>

export type Processors = { readonly [N in CommandName]?: Processor<N> }

/**
 * Answers one hot command by its header alone, which a compiled scanner reads: no other field of the wire is
 * decoded, and a request with a body goes the general way. For the rest it is a `Processor`.
 */
export type ScannedProcessor<N extends CommandName> = (
  header: RequestHeader<N>,
  connection: Connection,
) => Reply<N> | Promise<Reply<N>>

export type ScannedProcessors = { readonly [N in CommandName]?: ScannedProcessor<N> }

/**
 * Takes a hot request in place, synchronously (architecture.md section 3). True: taken, the answer comes
 * through `connection.send` or `sendCopy` in this turn or later, or never for a one-way request. False:
 * nothing was done, the frame goes the general way. The view is valid only until the return.
 */
export type TurnEntry = (frame: FrameView, connection: Connection) => boolean

/** Success, code 0. */
export function ok<H extends object>(
  header?: H,
  body?: Uint8Array | readonly Uint8Array[],
  remark?: string,
): {
  code: 0
  header: H | undefined
  body: Uint8Array | readonly Uint8Array[] | undefined
  remark: string | undefined
} {
  return { code: ResponseCode.SUCCESS, header, body, remark }
}

/** Any other code, also those that carry a full header: 10, 11, 12 for a send, 19, 20, 21 for a pull. */
export function refuse<H extends object>(
  code: number,
  remark?: string,
  header?: H,
): { code: number; remark: string | undefined; header: H | undefined } {
  return { code, remark, header }
}

/** Who asks, as far as the wire says. */
export interface Principal {
  readonly remoteAddress: string
  readonly remotePort: number
  /** extFields AccessKey; undefined when the request is not signed. */
  readonly accessKey: string | undefined
  /** All fields and the body: what a signature is computed over (remoting.md section 27). */
  readonly extFields: ExtFields
  readonly body: Buffer | undefined
  readonly version: number
}

/**
 * What is asked for, as far as the header says. Bodies that name topics or groups are for the authorizer to
 * read.
 */
export interface Resource {
  readonly topic: string | undefined
  readonly group: string | undefined
}

/** Undefined allows; a refusal is answered as it is. */
export type Authorize = (
  principal: Principal,
  action: CommandName,
  resource: Resource,
) => Refusal | undefined | Promise<Refusal | undefined>

export interface Refusal {
  readonly code: number
  readonly remark: string
}
