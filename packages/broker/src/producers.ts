import type { Clock } from '@rockhopper/env'
import type { Connection } from '@rockhopper/remoting'
import type { ClientChannel, ClientIdentity } from './client-channel.js'

/** Group names come from the wire. */
const GROUPS_MAX = 100_000

/** Producers that sent a heartbeat, by group (Apache: ProducerManager). */
export class Producers {
  readonly #clock: Clock
  readonly #groups = new Map<string, Map<Connection, ClientChannel>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get groups(): ReadonlyMap<string, ReadonlyMap<Connection, ClientChannel>> {
    return this.#groups
  }

  register(group: string, identity: ClientIdentity): void {
    const channels = this.#groups.get(group) ?? new Map<Connection, ClientChannel>()
    if (channels.size === 0 && this.#groups.size >= GROUPS_MAX) return
    channels.set(identity.connection, { ...identity, seenAt: this.#clock.monotonic() })
    this.#groups.set(group, channels)
  }

  unregister(group: string, connection: Connection): void {
    const channels = this.#groups.get(group)
    channels?.delete(connection)
    if (channels?.size === 0) this.#groups.delete(group)
  }

  connectionClosed(connection: Connection): void {
    for (const group of [...this.#groups.keys()]) this.unregister(group, connection)
  }

  channelsOf(group: string): ClientChannel[] {
    return [...(this.#groups.get(group)?.values() ?? [])]
  }

  /** The producer a reply goes to (Apache: ProducerManager.findChannel). */
  findByClientId(clientId: string): ClientChannel | undefined {
    for (const channels of this.#groups.values()) {
      for (const channel of channels.values()) {
        if (channel.clientId === clientId && !channel.connection.closed) return channel
      }
    }
    return undefined
  }

  /** Connections with a group that was silent for longer than `afterMs`. */
  silent(afterMs: number): Connection[] {
    const now = this.#clock.monotonic()
    const all = [...this.#groups.values()].flatMap((channels) => [...channels.values()])
    return all.filter(({ seenAt }) => now - seenAt > afterMs).map(({ connection }) => connection)
  }
}
