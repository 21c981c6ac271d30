import { type DynamicModule, Module } from '@nestjs/common'
import { HealthHttp, type ServiceSettings, serviceImports } from '@rockhopper/logs-contracts'
import type { CollectorSettings } from './collector-settings.js'
import { LogSending } from './log-sending.js'
import { LogsHttp } from './logs-http.js'
import { COLLECTOR_SETTINGS, Tails } from './tails.js'

@Module({})
export class CollectorModule {
  static forRoot(settings: ServiceSettings, collector: CollectorSettings): DynamicModule {
    return {
      module: CollectorModule,
      imports: serviceImports(settings),
      controllers: [LogsHttp, HealthHttp],
      providers: [LogSending, Tails, { provide: COLLECTOR_SETTINGS, useValue: collector }],
    }
  }
}
