import type { Message, MessageExt } from '@rockhopper/message'
import type { ProducerOptions, SendOptions } from './producer-options.js'
import type { SendResult } from './send-result.js'

/** Sends messages. One per process is enough: sends share connections and may run at once. */
export class Producer {
  readonly #options: ProducerOptions

  constructor(options: ProducerOptions) {
    this.#options = options
  }

  get producerGroup(): string {
    return this.#options.producerGroup
  }

  /** `<ip>@<instanceName>`, what brokers and tools know this client by. */
  get clientId(): string {
    throw new Error('not wired yet')
  }

  /** Checks the options and starts heartbeats. Connects to brokers at the first send. */
  async start(): Promise<void> {
    throw new Error('not wired yet')
  }

  /** Waits for sends that run, at most `timeoutMs`, then unregisters and closes. */
  async shutdown(_options: { readonly timeoutMs?: number } = {}): Promise<void> {
    throw new Error('not wired yet')
  }

  /** An array goes as one batch: one topic, same waitStoreMessageOk, no delay. The bytes are those at the time of the call. */
  async send(_message: Message | readonly Message[], _options: SendOptions = {}): Promise<SendResult> {
    throw new Error('not wired yet')
  }

  /** Resolves when the bytes were handed to the connection. Nothing tells whether they arrived. */
  async sendOneway(_message: Message, _options: SendOptions = {}): Promise<void> {
    throw new Error('not wired yet')
  }

  /** Sends and waits for the message that a consumer makes with `createReplyMessage` and sends. Default 3000 ms. */
  async request(_message: Message, _options: SendOptions = {}): Promise<MessageExt> {
    throw new Error('not wired yet')
  }
}
