/** A message as an application writes it (Apache: common/message/Message.java). */
export interface Message {
  /** 1 to 127 bytes of letters, digits, `_`, `-`, `%`, `|`. */
  readonly topic: string
  /** 0 to 4 MiB. A string is sent as UTF-8. */
  readonly body: Uint8Array | string
  /** One tag, the property TAGS. */
  readonly tag?: string
  /** Index keys, the property KEYS (joined by a space; a key holds no space). */
  readonly keys?: readonly string[]
  /** User properties. Names of the reserved set (remoting.md section 11) are refused. */
  readonly properties?: Readonly<Record<string, string>>
  /** Application bits, i32. */
  readonly flag?: number
  /** Level 1 to 18 of the broker's messageDelayLevel; 0 or absent for now. */
  readonly delayTimeLevel?: number
  /**
   * Any delay, from the broker's clock on (properties TIMER_DELAY_MS, TIMER_DELAY_SEC) or until a time in ms
   * since 1970 (TIMER_DELIVER_MS). At most one of the four; brokers of RocketMQ 5, by default at most 3 days.
   */
  readonly delayTimeMs?: number
  readonly delayTimeSec?: number
  readonly deliverTimeMs?: number
  /** Messages of one key go to one queue and keep their order (property __SHARDINGKEY). */
  readonly shardingKey?: string
  /**
   * A whole number from 0 on, larger goes first (property _SYS_MSG_PRIORITY_, RocketMQ 5.4): the broker
   * puts the message into the queue of this number, and POP consumers of a topic with
   * `message.type=PRIORITY` get higher queues first. Not with a delay, a shardingKey or a transaction;
   * older brokers and pulls do not look at it.
   */
  readonly priority?: number
  /** False: the send does not wait for flush or replicas (property WAIT). Default true. */
  readonly waitStoreMessageOk?: boolean
}

/** Property name to value, in stored order. No prototype: names come from the wire. */
export type Properties = Record<string, string>

/** An address as records store it: 4 or 16 address bytes and a port. */
export interface HostAddress {
  /** Dotted IPv4 or IPv6 text. */
  readonly address: string
  readonly port: number
}

/**
 * One record of the commit log, decoded (Apache: MessageExt). The unit of pull responses.
 * store-format.md section 3.1 has the bytes.
 */
export interface MessageExt {
  readonly topic: string
  readonly body: Buffer
  readonly properties: Properties
  readonly flag: number
  readonly queueId: number
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly sysFlag: number
  readonly bodyCrc: number
  readonly bornTimestamp: number
  readonly bornHost: HostAddress
  readonly storeTimestamp: number
  readonly storeHost: HostAddress
  readonly reconsumeTimes: number
  readonly preparedTransactionOffset: number
  /** Size of the whole record in bytes. */
  readonly storeSize: number
}

/** All fields of a record but those the log assigns: queue offset, physical offset, store timestamp. */
export interface RecordDraft {
  readonly topic: string
  readonly queueId: number
  readonly body: Uint8Array
  /** Encoded as remoting.md section 11, at most 32,767 bytes. */
  readonly properties: Uint8Array
  /** Written directly after `properties`: what the broker adds, without joining two buffers per message. */
  readonly propertiesTail?: Uint8Array
  readonly flag: number
  readonly sysFlag: number
  readonly bornTimestamp: number
  readonly bornHost: HostAddress
  readonly storeHost: HostAddress
  readonly reconsumeTimes: number
  readonly preparedTransactionOffset: number
}
