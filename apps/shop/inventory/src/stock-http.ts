import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
} from '@nestjs/common'
import { NewPrice } from './new-price.js'
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

  @Post('stock/:pid/price')
  @HttpCode(200)
  async changePrice(@Param('pid', ParseIntPipe) pid: number, @Body() price: NewPrice): Promise<StockRow> {
    const row = await this.stock.changePrice(pid, price.unitPriceCents)
    if (row === null) throw new NotFoundException(`no product ${pid}`)
    return row
  }

  @Get('reservations')
  reservations(): Promise<ReservationRow[]> {
    return this.stock.reservations()
  }
}
