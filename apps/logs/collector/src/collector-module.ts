import { type DynamicModule, Module } from '@nestjs/common'
import { HealthHttp, type ServiceSettings, serviceImports } from '@rockhopper/logs-contracts'
import { LogSending } from './log-sending.js'
import { LogsHttp } from './logs-http.js'

@Module({})
export class CollectorModule {
  static forRoot(settings: ServiceSettings): DynamicModule {
    return {
      module: CollectorModule,
      imports: serviceImports(settings),
      controllers: [LogsHttp, HealthHttp],
      providers: [LogSending],
    }
  }
}
