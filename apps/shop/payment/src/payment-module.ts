import { type DynamicModule, Module } from '@nestjs/common'
import { Group, HealthHttp, type ServiceSettings, serviceImports } from '@rockhopper/shop-contracts'
import { PaymentHandlers } from './payment-handlers.js'
import { PaymentHttp } from './payment-http.js'
import { BookProvider, PAYMENT_PROVIDER } from './payment-provider.js'
import { PaymentRow } from './payment-row.js'
import { Payments } from './payments.js'
import { ProviderRow } from './provider-row.js'

@Module({})
export class PaymentModule {
  static forRoot(settings: ServiceSettings): DynamicModule {
    return {
      module: PaymentModule,
      imports: serviceImports(settings, {
        groups: [Group.PAYMENT_ORDERS, Group.PAYMENT_COMMANDS],
        entities: [PaymentRow, ProviderRow],
        beforeMark: 'payment.after-publish-before-mark',
      }),
      controllers: [PaymentHandlers, PaymentHttp, HealthHttp],
      providers: [Payments, { provide: PAYMENT_PROVIDER, useClass: BookProvider }],
    }
  }
}
