import type { Log } from '@rockhopper/env'
import { MqError, parseHost } from '@rockhopper/message'
import { type CommandName, type Response, tlsHint } from '@rockhopper/remoting'
import type { Commands } from './commands.js'

/** Failures of one name server that another one may not have. */
const MOVE_ON = new Set([
  'CONNECT_FAILED',
  'CONNECTION_CLOSED',
  'REQUEST_TIMEOUT',
  'FRAME_ILLEGAL',
  'FRAME_TOO_LARGE',
])

/** Reads `host:port;host:port`. Throws MqError ADDRESS_ILLEGAL. */
export function parseAddresses(text: string): string[] {
  const addresses = text
    .split(/[;,]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (addresses.length === 0)
    throw new MqError('ADDRESS_ILLEGAL', `Reading the name server addresses '${text}'`)
  for (const address of addresses) {
    if (parseHost(address) === undefined)
      throw new MqError('ADDRESS_ILLEGAL', `Reading the name server address '${address}'`)
  }
  return addresses
}

/**
 * The name servers as one. They do not know of each other and all hold the same: any that answers will do,
 * and the one that answered last is asked first (Apache:
 * NettyRemotingClient.getAndCreateNameserverChannel).
 */
export class NameServers {
  readonly addresses: readonly string[]
  readonly #commands: Commands
  readonly #log: Log
  #current = 0

  constructor(namesrvAddr: string, commands: Commands, log: Log) {
    this.addresses = parseAddresses(namesrvAddr)
    this.#commands = commands
    this.#log = log
  }

  /**
   * Asks one name server after the other until one answers, whatever it answers. NAME_SERVER_UNREACHABLE
   * otherwise.
   */
  async ask<N extends CommandName>(
    name: N,
    call: (commands: Commands, address: string) => Promise<Response<N>>,
  ): Promise<{ readonly address: string; readonly answer: Response<N> }> {
    let cause: unknown
    for (let attempt = 0; attempt < this.addresses.length; attempt++) {
      const index = this.#current
      const address = this.addresses[index] as string
      try {
        return { address, answer: await call(this.#commands, address) }
      } catch (error) {
        if (!(error instanceof MqError) || !MOVE_ON.has(error.code)) throw error
        cause = error
        this.#log.warn('client.nameServer.failed', { address, command: name, error })
        // Another call may have moved on already.
        if (this.#current === index) this.#current = (index + 1) % this.addresses.length
      }
    }
    throw unreachable(`Asking ${this.addresses.join(', ')} for ${name}`, cause)
  }
}

/** Says what to do where it is TLS that keeps the two apart: "start one" would be the wrong advice. */
export function unreachable(attempted: string, cause: unknown): MqError {
  const hint = tlsHint(cause)
  const text = hint === undefined ? attempted : `${attempted} (${hint})`
  return new MqError('NAME_SERVER_UNREACHABLE', text, { cause })
}
