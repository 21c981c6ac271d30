import type { SubscriptionGroupConfig } from '@rockhopper/remoting'
import type { CallOptions } from './api/commands.js'

/** Where a topic or group is made: every master of a cluster (default: of every cluster), or one broker. */
export interface AdminTarget extends CallOptions {
  readonly cluster?: string
  /** `host:port` */
  readonly brokerAddr?: string
}

export interface CreateTopicOptions extends AdminTarget {
  /** Read and write queues per broker. Default 8. */
  readonly queues?: number
  readonly readQueueNums?: number
  readonly writeQueueNums?: number
  /** 2 write, 4 read. Default 6. */
  readonly perm?: number
  readonly order?: boolean
  /** Apache's topic attributes, `message.type` and the like. */
  readonly attributes?: Readonly<Record<string, string>>
}

/** A group's settings; what is left out has Apache's default. */
export type SubscriptionGroupSettings = Partial<SubscriptionGroupConfig> & { readonly groupName: string }

export interface QueryOptions extends CallOptions {
  /** Store time, ms since 1970. Default: from the beginning. */
  readonly beginTimestamp?: number
  readonly endTimestamp?: number
  /** Default 64, which is also what brokers answer with at most (maxMsgsNumBatch). */
  readonly countMax?: number
  /** `key` is a message id. Default false: one of `keys`. */
  readonly unique?: boolean
}
