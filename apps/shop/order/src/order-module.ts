import { type DynamicModule, Module } from '@nestjs/common'
import { HealthHttp, type ServiceSettings, serviceImports } from '@rockhopper/shop-contracts'
import { OrderRow } from './order-row.js'
import { Orders } from './orders.js'
import { OrdersHttp } from './orders-http.js'
import { PriceRow } from './price-row.js'
import { Quotes } from './quotes.js'
import { Saga } from './saga.js'
import { SagaHandlers } from './saga-handlers.js'

@Module({})
export class OrderModule {
  static forRoot(settings: ServiceSettings): DynamicModule {
    return {
      module: OrderModule,
      imports: serviceImports(settings, {
        entities: [OrderRow, PriceRow],
        beforePublish: 'order.after-commit-before-publish',
        beforeMark: 'order.after-publish-before-mark',
      }),
      controllers: [SagaHandlers, OrdersHttp, HealthHttp],
      providers: [Orders, Saga, Quotes],
    }
  }
}
