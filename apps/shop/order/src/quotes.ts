import { HttpException, HttpStatus, Inject, Injectable, Logger } from '@nestjs/common'
import { ClientRocketMQ } from '@rockhopper/nestjs'
import type { OrderItem, Quote, QuoteRequest } from '@rockhopper/shop-contracts'
import { firstValueFrom, timeout } from 'rxjs'
import type { PlaceOrderItem } from './place-order.js'
import { Prices } from './prices.js'

/** How long a customer waits for the stock keeper before the last known price counts. */
const QUOTE_TIMEOUT_MS = 800

/** Asks the stock keeper for price and availability; while it does not answer, the last known price holds. */
@Injectable()
export class Quotes {
  readonly #logger = new Logger(Quotes.name)

  constructor(
    @Inject(Prices) private readonly prices: Prices,
    @Inject(ClientRocketMQ) private readonly client: ClientRocketMQ,
  ) {}

  /** @throws HttpException 404 for an unknown product, 409 when less is available than wanted. */
  async price(items: readonly PlaceOrderItem[]): Promise<OrderItem[]> {
    return Promise.all(
      items.map(async ({ pid, quantity }) => {
        const quote = await this.#quote(pid, quantity)
        if (quote === undefined) throw new HttpException(`no product ${pid}`, HttpStatus.NOT_FOUND)
        return { pid, quantity, name: quote.name, unitPriceCents: quote.unitPriceCents }
      }),
    )
  }

  async #quote(pid: number, quantity: number): Promise<Pick<Quote, 'name' | 'unitPriceCents'> | undefined> {
    try {
      const request: QuoteRequest = { pid, quantity }
      const answer = this.client.send<Quote | null, QuoteRequest>('inventory.quote', request)
      const quote = await firstValueFrom(answer.pipe(timeout(QUOTE_TIMEOUT_MS)))
      if (quote === null) return undefined
      await this.prices.learn(quote)
      return quote
    } catch (error) {
      // Selling goes on without the stock keeper: whether there is enough is decided by its reservation
      // anyway.
      this.#logger.warn(`no quote for product ${pid}, using the last known price: ${describe(error)}`)
      return this.prices.of(pid)
    }
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
