import { randomUUID } from 'node:crypto'
import {
  Body,
  Controller,
  Get,
  Header,
  Headers,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  Query,
  UseGuards,
} from '@nestjs/common'
import { reportStep } from '@rockhopper/shop-contracts'
import { IdempotencyKeyGuard } from './idempotency-key.guard.js'
import type { OrderRow } from './order-row.js'
import { Orders } from './orders.js'
import { PlaceOrder } from './place-order.js'
import { Saga } from './saga.js'

/** Who orders by the tutorial's address, which has no login. */
const TUTORIAL_CUSTOMER = { id: '1', name: 'Tutorial', email: 'tutorial@example.com', phone: '+14155550100' }

@Controller()
export class OrdersHttp {
  constructor(
    @Inject(Orders) private readonly orders: Orders,
    @Inject(Saga) private readonly saga: Saga,
  ) {}

  @Post('orders')
  @HttpCode(202)
  @UseGuards(IdempotencyKeyGuard)
  place(@Headers('idempotency-key') key: string, @Body() request: PlaceOrder): Promise<OrderRow> {
    return this.orders.place(key, request)
  }

  @Get('orders')
  list(@Query('limit', new ParseIntPipe({ optional: true })) limit?: number): Promise<OrderRow[]> {
    return this.orders.list(limit)
  }

  @Get('orders/:id')
  async find(@Param('id') id: string): Promise<OrderRow> {
    const order = await this.orders.find(id)
    if (order === null) throw new NotFoundException(`no order '${id}'`)
    return order
  }

  /** What was paid comes back. A repeat changes nothing, and answers the same. */
  @Post('orders/:id/cancel')
  @HttpCode(200)
  async cancel(@Param('id') id: string): Promise<OrderRow> {
    const words = await this.saga.cancel(id)
    reportStep({ service: 'order', what: 'http', orderId: id, words })
    return this.find(id)
  }

  /** The tutorial's `http://localhost:8011/order?pid=1`: each call is a new order, so nobody may cache it. */
  @Get('order')
  @Header('Cache-Control', 'no-store')
  tutorial(@Query('pid', ParseIntPipe) pid: number): Promise<OrderRow> {
    return this.orders.place(randomUUID(), { customer: TUTORIAL_CUSTOMER, items: [{ pid, quantity: 1 }] })
  }
}
