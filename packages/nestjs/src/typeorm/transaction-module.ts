import {
  type DynamicModule,
  type InjectionToken,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common'
import { DataSource } from 'typeorm'
import { RocketMQHealthIndicator } from '../health.js'
import { RocketMQTransactions, type RocketMQTransactionsOptions } from './transaction.js'

export interface RocketMQTransactionsModuleOptions extends RocketMQTransactionsOptions {
  /** Token of the data source; default TypeORM's `DataSource`, as `@nestjs/typeorm` provides it. */
  readonly dataSource?: InjectionToken
  /**
   * Token of the health indicator whose `readiness` these transactions are part of; default that of
   * `RocketMQModule`, where there is one. For another cluster `healthToken(name)`.
   */
  readonly health?: InjectionToken
}

/** Provides `RocketMQTransactions` everywhere, from bootstrap until the application goes down. */
@Module({})
export class RocketMQTransactionsModule {
  static forRoot(options: RocketMQTransactionsModuleOptions): DynamicModule {
    const { dataSource = DataSource, health = RocketMQHealthIndicator, ...own } = options
    return {
      module: RocketMQTransactionsModule,
      global: true,
      providers: [
        {
          provide: RocketMQTransactions,
          inject: [dataSource],
          useFactory: (source: DataSource) => new RocketMQTransactions(source, own),
        },
        {
          provide: TransactionsLifecycle,
          inject: [RocketMQTransactions, { token: health, optional: true }],
          useFactory: (transactions: RocketMQTransactions, indicator?: RocketMQHealthIndicator) => {
            const name = `transactions of ${own.producerGroup}`
            indicator?.include(name, () => transactions.readiness('part'))
            return new TransactionsLifecycle(transactions)
          },
        },
      ],
      exports: [RocketMQTransactions],
    }
  }
}

class TransactionsLifecycle implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #transactions: RocketMQTransactions

  constructor(transactions: RocketMQTransactions) {
    this.#transactions = transactions
  }

  onApplicationBootstrap(): Promise<void> {
    return this.#transactions.start()
  }

  /** Before the data source closes, which Nest does later in its shutdown. */
  onModuleDestroy(): Promise<void> {
    return this.#transactions.stop()
  }
}
