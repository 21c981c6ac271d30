import { Controller, Get, Inject } from '@nestjs/common'
import type { ReservationRow } from './reservation-row.js'
import { Stock } from './stock.js'
import type { StockRow } from './stock-row.js'

@Controller()
export class StockHttp {
  constructor(@Inject(Stock) private readonly stock: Stock) {}

  @Get('stock')
  list(): Promise<StockRow[]> {
    return this.stock.list()
  }

  @Get('reservations')
  reservations(): Promise<ReservationRow[]> {
    return this.stock.reservations()
  }
}
