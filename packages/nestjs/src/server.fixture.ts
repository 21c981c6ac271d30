import type { LoggerService, Type } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { MemoryBroker } from './memory-broker.fixture.js'
import type { RocketMQServerOptions } from './options.js'
import { ServerRocketMQ } from './server.js'

export const silent: LoggerService = { log() {}, error() {}, warn() {} }

/** A microservice with these controllers on a broker in memory. */
export async function serve(
  controllers: Type[],
  options: RocketMQServerOptions = {},
  providers: Type[] = [],
) {
  const broker = new MemoryBroker()
  const strategy = new ServerRocketMQ({
    namesrvAddr: 'memory',
    consumerGroup: 'shop',
    clients: broker,
    ...options,
  })
  const module = await Test.createTestingModule({ controllers, providers }).setLogger(silent).compile()
  const app = module.createNestMicroservice({ strategy })
  await app.listen()
  const send = (topic: string, body: unknown, more: object = {}) => {
    return broker.store({ topic, body: Buffer.from(JSON.stringify(body)), ...more })
  }
  return { broker, strategy, app, send }
}
