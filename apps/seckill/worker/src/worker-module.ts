import { type DynamicModule, Module } from '@nestjs/common'
import {
  databaseImports,
  HealthHttp,
  type ServiceSettings,
  transportImports,
} from '@rockhopper/seckill-contracts'
import { Announcements } from './announcements.js'
import { Campaigns } from './campaigns.js'
import { CampaignsHttp } from './campaigns-http.js'
import { Decisions } from './decisions.js'
import { ItemRow } from './item-row.js'
import { TicketRow } from './ticket-row.js'
import { Wins } from './wins.js'
import { WorkerHandlers } from './worker-handlers.js'

@Module({})
export class WorkerModule {
  static forRoot(settings: ServiceSettings): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        ...transportImports(settings, process.env['SECKILL_INSTANCE'] || undefined),
        ...databaseImports(settings, [ItemRow, TicketRow], 'worker.after-publish-before-mark'),
      ],
      controllers: [WorkerHandlers, CampaignsHttp, HealthHttp],
      providers: [Announcements, Campaigns, Decisions, Wins],
    }
  }
}
