import { Controller, Get, Inject } from '@nestjs/common'
import { EventPattern, Payload } from '@nestjs/microservices'
import { formatCents, Group, PriceChanged } from '@rockhopper/shop-contracts'
import type { PriceRow } from './price-row.js'
import { Prices } from './prices.js'

/** Broadcast: every instance hears of every change, also of those it missed while it was away. */
@Controller()
export class PricesHandlers {
  constructor(@Inject(Prices) private readonly prices: Prices) {}

  @EventPattern('price_topic:changed', { group: Group.ORDER_PRICES, broadcast: true, from: 'first' })
  async changed(@Payload() price: PriceChanged): Promise<string> {
    const isNew = await this.prices.learn(price)
    return isNew
      ? `${price.name} costs ${formatCents(price.unitPriceCents)} now`
      : 'a later price is known already'
  }

  /** What this instance knows. */
  @Get('prices')
  list(): PriceRow[] {
    return this.prices.list()
  }
}
