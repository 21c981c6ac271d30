import { Producer, type ProducerOptions, PushConsumer, type PushConsumerOptions } from '@rockhopper/client'
import { type EmbeddedOptions, EmbeddedRocketMQ } from '@rockhopper/embedded'
import type { Inbox } from './inbox.fixture.js'

/** Brokers of ours with clients on them; everything is shut down in the reverse order of its start. */
export class World {
  readonly #ends: (() => Promise<void>)[] = []
  readonly mq: EmbeddedRocketMQ

  private constructor(mq: EmbeddedRocketMQ) {
    this.mq = mq
    this.#ends.push(() => mq.stop())
  }

  static async start(options: EmbeddedOptions = {}): Promise<World> {
    return new World(await EmbeddedRocketMQ.start(options))
  }

  get namesrvAddr(): string {
    return this.mq.nameserverAddress
  }

  async producer(options: Partial<ProducerOptions> = {}): Promise<Producer> {
    const producer = new Producer({ namesrvAddr: this.namesrvAddr, producerGroup: 'producers', ...options })
    this.#ends.push(() => producer.shutdown())
    await producer.start()
    return producer
  }

  /** Started and with its queues assigned. */
  async consumer(
    inbox: Inbox,
    topics: Readonly<Record<string, string>>,
    options: Partial<PushConsumerOptions> = {},
  ): Promise<PushConsumer> {
    const consumer = new PushConsumer({
      namesrvAddr: this.namesrvAddr,
      consumerGroup: 'consumers',
      consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
      ...options,
    })
    this.#ends.push(() => consumer.shutdown())
    for (const [topic, expression] of Object.entries(topics)) consumer.subscribe(topic, expression)
    await consumer.start(inbox.listener)
    await consumer.ready()
    return consumer
  }

  /** Runs with the rest, before what was started earlier. */
  atEnd(run: () => Promise<void>): void {
    this.#ends.push(run)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end()
  }
}
