import type { LoggerService, Type } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { PullConsumer } from '@rockhopper/client'
import { type EmbeddedOptions, EmbeddedRocketMQ } from '@rockhopper/embedded'
import { ClientRocketMQ, type RocketMQServerOptions, ServerRocketMQ } from '@rockhopper/nestjs'

export const silent: LoggerService = { log() {}, error() {}, warn() {} }

/** Waits for something that is bound to happen; the name says what did not, after 30 s. */
export async function until(name: string, done: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error(`30 s passed, but not: ${name}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** A microservice with these controllers, a client, and the broker both talk to. */
export interface Service {
  readonly mq: EmbeddedRocketMQ
  readonly strategy: ServerRocketMQ
  readonly client: ClientRocketMQ
  /** Another life of the same service, or another member of its groups. */
  start(more?: RocketMQServerOptions): Promise<{ readonly strategy: ServerRocketMQ; close(): Promise<void> }>
  closeService(): Promise<void>
  close(): Promise<void>
}

export async function startService(
  topics: readonly string[],
  controllers: Type[],
  options: RocketMQServerOptions = {},
  config: EmbeddedOptions['config'] = {},
): Promise<Service> {
  const mq = await EmbeddedRocketMQ.start({ topics, config })
  const namesrvAddr = mq.nameserverAddress
  const client = new ClientRocketMQ({ namesrvAddr })
  const start = async (more: RocketMQServerOptions = {}) => {
    const strategy = new ServerRocketMQ({ namesrvAddr, consumerGroup: 'e2e', ...options, ...more })
    const module = await Test.createTestingModule({ controllers }).setLogger(silent).compile()
    const app = module.createNestMicroservice({ strategy })
    await app.listen()
    return { strategy, close: () => app.close() }
  }
  const service = await start().catch(async (error: unknown) => {
    await client.close()
    await mq.stop()
    throw error
  })
  const close = async () => {
    await service.close()
    await client.close()
    await mq.stop()
  }
  return { mq, strategy: service.strategy, client, start, closeService: service.close, close }
}

/** All bodies a topic holds, as text. */
export async function bodiesOf(mq: EmbeddedRocketMQ, topic: string): Promise<string[]> {
  const consumer = new PullConsumer({ namesrvAddr: mq.nameserverAddress, consumerGroup: 'e2e_reader' })
  await consumer.start()
  try {
    const bodies: string[] = []
    for (const queue of await consumer.messageQueues(topic)) {
      let offset = await consumer.minOffset(queue)
      const end = await consumer.maxOffset(queue)
      while (offset < end) {
        const { messages, nextQueueOffset } = await consumer.pull(queue, offset)
        bodies.push(...messages.map((message) => message.body.toString()))
        offset = nextQueueOffset
      }
    }
    return bodies
  } finally {
    await consumer.shutdown()
  }
}
