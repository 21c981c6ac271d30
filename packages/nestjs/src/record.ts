import type { Message } from '@rockhopper/message'

/** What a message carries beside its payload. */
export interface RecordOptions {
  readonly tag?: string
  /** Index keys; a key holds no space. */
  readonly keys?: readonly string[]
  readonly properties?: Readonly<Record<string, string>>
  /** Level 1 to 18 of the broker's delays: 1 s 5 s 10 s 30 s 1 m … 10 m 20 m 30 m 1 h 2 h. */
  readonly delayLevel?: number
  /** Deliver it this much later, ms; brokers of RocketMQ 5, by default at most 3 days. */
  readonly delayMs?: number
  /** Deliver it at this time, ms since 1970; in the past: at once. Limits as `delayMs`. */
  readonly deliverAt?: number
  /** Messages of one key go to one queue and keep their order. */
  readonly shardingKey?: string
  /** 0 and up; POP consumers of a PRIORITY topic get the highest first. Not with a delay or shardingKey. */
  readonly priority?: number
  /** Limit of this send or request, ms; default the client's. */
  readonly timeoutMs?: number
}

/**
 * A payload with its options. Made by `RocketMQRecordBuilder`; taken by `emit`, `send`, `publish` and
 * `request`.
 */
export class RocketMQRecord<Data = unknown> {
  constructor(
    readonly data: Data,
    readonly options: RecordOptions = {},
  ) {}
}

/** Puts tag, keys, properties, delay and order key beside a payload. */
export class RocketMQRecordBuilder<Data = unknown> {
  #data: Data | undefined
  #options: RecordOptions = {}

  constructor(data?: Data) {
    this.#data = data
  }

  setData(data: Data): this {
    this.#data = data
    return this
  }

  setTag(tag: string): this {
    return this.#set({ tag })
  }

  setKeys(...keys: readonly string[]): this {
    return this.#set({ keys })
  }

  setProperty(name: string, value: string): this {
    return this.#set({ properties: { ...this.#options.properties, [name]: value } })
  }

  setProperties(properties: Readonly<Record<string, string>>): this {
    return this.#set({ properties: { ...this.#options.properties, ...properties } })
  }

  setDelayLevel(delayLevel: number): this {
    return this.#set({ delayLevel })
  }

  /** Any delay, by the broker's clock. Until then `client.recall(topic, receipt)` takes it back. */
  setDelay(delayMs: number): this {
    return this.#set({ delayMs })
  }

  /** A time of this machine's clock: a Date, or ms since 1970. */
  setDeliverAt(time: Date | number): this {
    return this.#set({ deliverAt: typeof time === 'number' ? time : time.getTime() })
  }

  setShardingKey(shardingKey: string): this {
    return this.#set({ shardingKey })
  }

  /** 0 and up: in a topic of the type PRIORITY, POP consumers get the highest first. */
  setPriority(priority: number): this {
    return this.#set({ priority })
  }

  setTimeout(timeoutMs: number): this {
    return this.#set({ timeoutMs })
  }

  /** A record without data is a message with an empty body. */
  build(): RocketMQRecord<Data | Uint8Array> {
    return new RocketMQRecord(this.#data === undefined ? new Uint8Array(0) : this.#data, this.#options)
  }

  #set(options: RecordOptions): this {
    this.#options = { ...this.#options, ...options }
    return this
  }
}

/** The message fields a record's options stand for; absent ones stay absent. */
export function recordFields(options: RecordOptions): Omit<Message, 'topic' | 'body' | 'tag' | 'properties'> {
  return {
    ...(options.keys === undefined ? {} : { keys: options.keys }),
    ...(options.delayLevel === undefined ? {} : { delayTimeLevel: options.delayLevel }),
    ...(options.delayMs === undefined ? {} : { delayTimeMs: options.delayMs }),
    ...(options.deliverAt === undefined ? {} : { deliverTimeMs: options.deliverAt }),
    ...(options.shardingKey === undefined ? {} : { shardingKey: options.shardingKey }),
    ...(options.priority === undefined ? {} : { priority: options.priority }),
  }
}
