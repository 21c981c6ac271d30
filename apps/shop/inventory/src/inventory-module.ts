import { type DynamicModule, Module } from '@nestjs/common'
import { Group, HealthHttp, type ServiceSettings, serviceImports } from '@rockhopper/shop-contracts'
import { ReservationRow } from './reservation-row.js'
import { Stock } from './stock.js'
import { StockHandlers } from './stock-handlers.js'
import { StockHttp } from './stock-http.js'
import { StockRow } from './stock-row.js'

@Module({})
export class InventoryModule {
  static forRoot(settings: ServiceSettings): DynamicModule {
    return {
      module: InventoryModule,
      imports: serviceImports(settings, {
        groups: [Group.INVENTORY_ORDERS, Group.INVENTORY_COMMANDS],
        entities: [StockRow, ReservationRow],
        beforeMark: 'inventory.after-publish-before-mark',
      }),
      controllers: [StockHandlers, StockHttp, HealthHttp],
      providers: [Stock],
    }
  }
}
