import {
  type DynamicModule,
  type InjectionToken,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common'
import { DataSource } from 'typeorm'
import { ClientRocketMQ } from '../client.js'
import { Outbox } from './outbox.js'
import { type OutboxPublisher, OutboxRelay, type OutboxRelayOptions } from './outbox-relay.js'
import { serializeTransactions } from './turns.js'

export interface OutboxModuleOptions extends OutboxRelayOptions {
  /** Token of the data source; default TypeORM's `DataSource`, as `@nestjs/typeorm` provides it. */
  readonly dataSource?: InjectionToken
  /** Token of what sends; default `ClientRocketMQ`, as `RocketMQModule` provides it. */
  readonly publisher?: InjectionToken
  /** False: only `Outbox`; another process relays. Default true. */
  readonly relay?: boolean
  /** Properties that every event gets when it is added, such as the `traceparent` of its request. */
  readonly properties?: () => Readonly<Record<string, string>>
}

/** Provides `Outbox` everywhere, and runs an `OutboxRelay` from bootstrap until the application goes down. */
@Module({})
export class OutboxModule {
  static forRoot(options: OutboxModuleOptions = {}): DynamicModule {
    const { dataSource = DataSource, publisher = ClientRocketMQ, properties, ...more } = options
    const { relay = true, ...relayOptions } = more
    return {
      module: OutboxModule,
      global: true,
      providers: [
        { provide: Outbox, useFactory: () => new Outbox(relayOptions.clock, properties) },
        {
          provide: OutboxRelay,
          inject: [dataSource, publisher],
          useFactory: (source: DataSource, sender: OutboxPublisher) =>
            new OutboxRelay(source, sender, relayOptions),
        },
        {
          provide: OutboxLifecycle,
          inject: [OutboxRelay, dataSource],
          useFactory: (made: OutboxRelay, source: DataSource) =>
            new OutboxLifecycle(source, relay ? made : undefined),
        },
      ],
      exports: [Outbox, OutboxRelay],
    }
  }
}

class OutboxLifecycle implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #relay: OutboxRelay | undefined

  constructor(dataSource: DataSource, relay: OutboxRelay | undefined) {
    this.#relay = relay
    serializeTransactions(dataSource)
  }

  onApplicationBootstrap(): void {
    this.#relay?.start()
  }

  /** Before the client and the data source close, which Nest does later in its shutdown. */
  async onModuleDestroy(): Promise<void> {
    await this.#relay?.stop()
  }
}
