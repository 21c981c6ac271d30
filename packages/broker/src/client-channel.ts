import type { Connection, Language } from '@rockhopper/remoting'

/** One client on one connection; a connection may carry several groups of one client. */
export interface ClientChannel {
  readonly connection: Connection
  readonly clientId: string
  readonly language: Language | undefined
  readonly version: number
  /** Monotonic time of the last heartbeat. */
  seenAt: number
}

/** What a heartbeat says of its sender. */
export type ClientIdentity = Omit<ClientChannel, 'seenAt'>

export function addressOf(connection: Connection): string {
  return `${connection.remoteAddress}:${connection.remotePort}`
}
