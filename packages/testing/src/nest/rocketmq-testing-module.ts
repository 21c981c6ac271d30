import type { DynamicModule, OnApplicationShutdown } from '@nestjs/common'
import { type EmbeddedOptions, EmbeddedRocketMQ } from '@rockhopper/embedded'
import { RocketMQModule, type RocketMQModuleOptions } from '@rockhopper/nestjs'

export interface RocketMQTestingOptions extends Omit<RocketMQModuleOptions, 'namesrvAddr'> {
  /** Of the server that is started: topics, groups, brokers, ... */
  readonly embedded?: EmbeddedOptions
}

/**
 * `RocketMQModule` on a RocketMQ of the test's own: started when the testing module is compiled, stopped by
 * `app.close()` after everything that uses it. Inject `EmbeddedRocketMQ` for its addresses.
 */
export class RocketMQTestingModule {
  static forRoot({ embedded = {}, ...options }: RocketMQTestingOptions = {}): DynamicModule {
    const server: DynamicModule = {
      module: EmbeddedServerModule,
      global: true,
      providers: [
        { provide: EmbeddedRocketMQ, useFactory: () => EmbeddedRocketMQ.start(embedded) },
        {
          provide: StopWithApplication,
          useFactory: (mq: EmbeddedRocketMQ) => new StopWithApplication(mq),
          inject: [EmbeddedRocketMQ],
        },
      ],
      exports: [EmbeddedRocketMQ],
    }
    return {
      module: RocketMQTestingModule,
      imports: [
        server,
        RocketMQModule.forRootAsync({
          imports: [server],
          inject: [EmbeddedRocketMQ],
          useFactory: (mq: EmbeddedRocketMQ) => ({ ...options, namesrvAddr: mq.nameserverAddress }),
        }),
      ],
      exports: [server],
    }
  }
}

/** Global, as RocketMQModule is, and before it: Nest shuts modules down in the opposite order. */
class EmbeddedServerModule {}

class StopWithApplication implements OnApplicationShutdown {
  readonly #mq: EmbeddedRocketMQ

  constructor(mq: EmbeddedRocketMQ) {
    this.#mq = mq
  }

  onApplicationShutdown(): Promise<void> {
    return this.#mq.stop()
  }
}
