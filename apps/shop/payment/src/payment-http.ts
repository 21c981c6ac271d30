import { Controller, Get, Inject } from '@nestjs/common'
import type { PaymentRow } from './payment-row.js'
import { Payments } from './payments.js'
import type { ProviderRow } from './provider-row.js'

@Controller()
export class PaymentHttp {
  constructor(@Inject(Payments) private readonly payments: Payments) {}

  @Get('payments')
  list(): Promise<PaymentRow[]> {
    return this.payments.list()
  }

  /** What the provider did: charges and refunds, one row for each idempotency key. */
  @Get('provider-book')
  book(): Promise<ProviderRow[]> {
    return this.payments.book()
  }
}
