import type { MessageListener } from './listener.js'
import type { PushConsumerOptions, ShutdownOptions } from './push-consumer-options.js'

/** Receives the messages of its group's topics. */
export class PushConsumer {
  readonly #options: PushConsumerOptions

  constructor(options: PushConsumerOptions) {
    this.#options = options
  }

  get consumerGroup(): string {
    return this.#options.consumerGroup
  }

  /** `<ip>@<instanceName>`, what brokers and tools know this client by. */
  get clientId(): string {
    throw new Error('not wired yet')
  }

  /** Before or after start. `expression` is `*` or tags joined by `||`. */
  subscribe(_topic: string, _expression = '*'): void {
    throw new Error('not wired yet')
  }

  unsubscribe(_topic: string): void {
    throw new Error('not wired yet')
  }

  /** Starts to take part in the group. Resolves when the brokers know of this consumer; see `ready`. */
  async start(_listener: MessageListener): Promise<void> {
    throw new Error('not wired yet')
  }

  /** Resolves when queues of every subscribed topic were assigned once (to this member or to others). */
  async ready(): Promise<void> {
    throw new Error('not wired yet')
  }

  /** No new pulls and no new listener calls; queues stay assigned. */
  suspend(): void {
    throw new Error('not wired yet')
  }

  resume(): void {
    throw new Error('not wired yet')
  }

  /** Stops pulling, waits for running listener calls, commits offsets, unlocks, unregisters, closes. */
  async shutdown(_options: ShutdownOptions = {}): Promise<void> {
    throw new Error('not wired yet')
  }
}
