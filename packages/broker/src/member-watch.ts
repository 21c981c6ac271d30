import type { Connection } from '@rockhopper/remoting'
import type { ConsumerGroup } from './consumers.js'
import type { BrokerParts } from './parts.js'

/**
 * Keeps the tables of clients true: members leave with their connection or after silence, and the others of
 * their group are told (Apache: ClientHousekeepingService, DefaultConsumerIdsChangeListener).
 */
export class MemberWatch {
  readonly #parts: Pick<BrokerParts, 'arrivals' | 'config' | 'consumers' | 'groups' | 'log' | 'producers'>

  constructor(
    parts: Pick<BrokerParts, 'arrivals' | 'config' | 'consumers' | 'groups' | 'log' | 'producers'>,
  ) {
    this.#parts = parts
    parts.consumers.onMembersChanged = (group) => this.#tellMembers(group)
  }

  connectionClosed(connection: Connection): void {
    this.#parts.producers.connectionClosed(connection)
    this.#parts.consumers.connectionClosed(connection)
    this.#parts.arrivals.ownerGone(connection)
  }

  /** A client that sent no heartbeat for long loses its connection, and with it its membership. */
  dropSilent(): void {
    const { config, consumers, log, producers } = this.#parts
    const afterMs = config.channelExpiredTimeout
    for (const connection of new Set([...producers.silent(afterMs), ...consumers.silent(afterMs)])) {
      log.warn('CLIENT_SILENT', { address: connection.remoteAddress, port: connection.remotePort })
      this.connectionClosed(connection)
      connection.close()
    }
  }

  /** Code 40, one-way, to each member: they share the queues anew. */
  #tellMembers({ groupName, channels }: ConsumerGroup): void {
    const { config, groups } = this.#parts
    if (!config.notifyConsumerIdsChangedEnable) return
    if (groups.get(groupName)?.notifyConsumerIdsChangedEnable === false) return
    for (const connection of channels.keys()) {
      connection.invokeOneway('NOTIFY_CONSUMER_IDS_CHANGED', { consumerGroup: groupName })
    }
  }
}
