import { type DynamicModule, Module } from '@nestjs/common'
import { TypeOrmModule } from '@nestjs/typeorm'
import { HealthHttp, type ServiceSettings, serviceImports } from '@rockhopper/logs-contracts'
import { databaseOptions, openDatabase } from '@rockhopper/service'
import { Analysis } from './analysis.js'
import { AnalyticsHttp } from './analytics-http.js'
import { ANALYTICS_SETTINGS, type AnalyticsSettings } from './analytics-settings.js'
import { LiveView } from './live-view.js'
import { PaneRow, QueueRow, WindowRow } from './window-rows.js'

@Module({})
export class AnalyticsModule {
  static forRoot(service: ServiceSettings, analytics: AnalyticsSettings): DynamicModule {
    const database = databaseOptions(service, [QueueRow, PaneRow, WindowRow])
    return {
      module: AnalyticsModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => ({ ...database, retryAttempts: 1 }),
          dataSourceFactory: openDatabase,
        }),
        ...serviceImports(service),
      ],
      controllers: [AnalyticsHttp, HealthHttp],
      providers: [Analysis, LiveView, { provide: ANALYTICS_SETTINGS, useValue: analytics }],
    }
  }
}
