import type { INestApplication, LoggerService, Type } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { connectRocketMQ } from './connect.js'
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

/** A hybrid application, started as a main.ts starts one. */
export async function startHybrid(App: Type): Promise<INestApplication> {
  const module = await Test.createTestingModule({ imports: [App] })
    .setLogger(silent)
    .compile()
  const app = module.createNestApplication()
  connectRocketMQ(app)
  await app.startAllMicroservices()
  await app.init()
  return app
}

/** Makes instances as a class that extends `Base` with these methods, as applications write it. */
export function subclassOf<Instance, Args extends unknown[]>(
  Base: new (...args: Args) => Instance,
  methods: Record<string, (this: object, value: unknown) => unknown>,
): (...args: Args) => Instance {
  class Sub {}
  Object.setPrototypeOf(Sub.prototype, Base.prototype as object)
  Object.assign(Sub.prototype, methods)
  return (...args) => Reflect.construct(Base, args, Sub) as Instance
}
