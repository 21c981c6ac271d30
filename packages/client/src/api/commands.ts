import { MqError } from '@rockhopper/message'
import {
  COMMANDS,
  type CommandName,
  type InvokeOptions,
  type RemotingClient,
  type RequestHeader,
  type Response,
  ResponseCode,
  responseCodeName,
} from '@rockhopper/remoting'

/** `timeoutMs` covers connecting and the answer; default is the client's `requestTimeoutMs`. */
export type CallOptions = InvokeOptions

/**
 * One function per row of the command table: address, header, body. Resolves with any answer, whatever its
 * code.
 */
export type Commands = {
  readonly [N in CommandName]: (
    address: string,
    header: RequestHeader<N>,
    body?: Uint8Array,
    options?: CallOptions,
  ) => Promise<Response<N>>
}

export function commandsOf(client: RemotingClient): Commands {
  const calls = Object.keys(COMMANDS).map((name) => {
    const call = (
      address: string,
      header: RequestHeader<CommandName>,
      body?: Uint8Array,
      options?: CallOptions,
    ): Promise<Response<CommandName>> => client.invoke(address, name as CommandName, header, body, options)
    return [name, call] as const
  })
  return Object.fromEntries(calls) as unknown as Commands
}

/** Rejects with RESPONSE_REFUSED unless the code is 0 or one of `others`. */
export async function accepted<N extends CommandName>(
  name: N,
  address: string,
  answer: Promise<Response<N>>,
  others: readonly number[] = [],
): Promise<Response<N>> {
  const given = await answer
  if (given.code === ResponseCode.SUCCESS || others.includes(given.code)) return given
  throw refusedBy(name, address, given)
}

/** MqError RESPONSE_REFUSED with the server's code and words. */
export function refusedBy(
  name: CommandName,
  address: string,
  { code, remark }: { readonly code: number; readonly remark: string | undefined },
): MqError {
  const said = remark === undefined || remark === '' ? '' : `: ${remark}`
  const what = `${name} at ${address} was answered with ${code} ${responseCodeName(code)}${said}`
  return new MqError('RESPONSE_REFUSED', what, { responseCode: code })
}
