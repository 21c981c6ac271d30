import { type DynamicModule, Module } from '@nestjs/common'
import { Outbox } from '@rockhopper/nestjs/typeorm'
import { databaseImport, HealthHttp, type ServiceSettings } from '@rockhopper/seckill-contracts'
import {
  Announcements,
  Campaigns,
  CampaignsHttp,
  Decisions,
  ItemRow,
  TicketRow,
} from '@rockhopper/seckill-worker'
import { DirectHttp } from './direct-http.js'

/** The worker's own decisions, made within the request. Its events stay in the outbox: nobody relays them. */
@Module({})
export class DirectModule {
  static forRoot(settings: ServiceSettings): DynamicModule {
    return {
      module: DirectModule,
      imports: [databaseImport(settings, [ItemRow, TicketRow])],
      controllers: [DirectHttp, CampaignsHttp, HealthHttp],
      providers: [Announcements, Campaigns, Decisions, { provide: Outbox, useFactory: () => new Outbox() }],
    }
  }
}
