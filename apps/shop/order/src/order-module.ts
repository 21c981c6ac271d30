import { type DynamicModule, Module } from '@nestjs/common'
import { TransactionEntry } from '@rockhopper/nestjs/typeorm'
import { Group, HealthHttp, type ServiceSettings, serviceImports } from '@rockhopper/shop-contracts'
import { ORDER_COMMIT } from './order-commit.js'
import { OrderRow } from './order-row.js'
import { ORDER_SETTINGS, type OrderSettings } from './order-settings.js'
import { Orders } from './orders.js'
import { OrdersHttp } from './orders-http.js'
import { OutboxCommit } from './outbox-commit.js'
import { PriceRow } from './price-row.js'
import { Prices } from './prices.js'
import { PricesHandlers } from './prices-handlers.js'
import { Quotes } from './quotes.js'
import { Saga } from './saga.js'
import { SagaHandlers } from './saga-handlers.js'
import { TransactionCommit } from './transaction-commit.js'
import { transactionImports } from './transaction-imports.js'

@Module({})
export class OrderModule {
  static forRoot(settings: ServiceSettings, order: OrderSettings): DynamicModule {
    const byTransaction = order.publish === 'transaction'
    return {
      module: OrderModule,
      imports: [
        ...serviceImports(settings, {
          groups: [Group.ORDER_SAGA, Group.ORDER_TIMEOUTS],
          entities: [OrderRow, PriceRow, TransactionEntry],
          beforePublish: 'order.after-commit-before-publish',
          beforeMark: 'order.after-publish-before-mark',
        }),
        ...(byTransaction ? transactionImports(settings) : []),
      ],
      controllers: [SagaHandlers, PricesHandlers, OrdersHttp, HealthHttp],
      providers: [
        { provide: ORDER_SETTINGS, useValue: order },
        { provide: ORDER_COMMIT, useClass: byTransaction ? TransactionCommit : OutboxCommit },
        Orders,
        Saga,
        Prices,
        Quotes,
      ],
    }
  }
}
