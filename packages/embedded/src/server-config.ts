import type { BrokerConfig } from '@rockhopper/broker'
import type { Env } from '@rockhopper/env'
import type { NameServerConfig } from '@rockhopper/nameserver'

/** A topic that must be there before the server counts as started. */
export interface DeclaredTopic {
  readonly topic: string
  /** Read and write queues on each broker, 1 to 1024. Default 4. */
  readonly queues?: number
}

export interface ServerConfig {
  /** The outside world. Default: that of Node. */
  readonly env?: Env
  /** Address all listeners bind to. Default 127.0.0.1. */
  readonly host?: string
  /**
   * The name server to start, or none: then the brokers register at their own `namesrvAddr`, if they have
   * one.
   */
  readonly nameserver?: Partial<NameServerConfig>
  /** One for each broker to start. `host` and, with a name server here, `namesrvAddr` are filled in. */
  readonly brokers: readonly Partial<BrokerConfig>[]
  /** Created on each broker before the start is over. */
  readonly topics?: readonly (string | DeclaredTopic)[]
  /** Consumer groups, created on each broker before the start is over. */
  readonly groups?: readonly string[]
  /** Ms until the brokers must be known at the name server. Default: no limit, as a broker goes on trying. */
  readonly readyTimeoutMs?: number
  /** A broker's disk failed: it takes no more writes and serves what is synced. Once per broker. */
  readonly onFatal?: (error: Error) => void
  /** Gives up the start: what was started is stopped, and the start rejects with REQUEST_ABORTED. */
  readonly signal?: AbortSignal
}

const DEFAULT_QUEUES = 4

export function declaredTopics({ topics = [] }: ServerConfig): Required<DeclaredTopic>[] {
  return topics.map((declared) =>
    typeof declared === 'string'
      ? { topic: declared, queues: DEFAULT_QUEUES }
      : { topic: declared.topic, queues: declared.queues ?? DEFAULT_QUEUES },
  )
}
