import { type DynamicModule, Module } from '@nestjs/common'
import { HealthHttp, type ServiceSettings, transportImports } from '@rockhopper/seckill-contracts'
import { Admissions } from './admission.js'
import { ApiHandlers } from './api-handlers.js'
import { API_SETTINGS, type ApiSettings } from './api-settings.js'
import { Gates } from './gates.js'
import { Results } from './results.js'
import { SeckillHttp } from './seckill-http.js'
import { Throughput } from './throughput.js'
import { WorkerQuestions } from './worker-questions.js'

@Module({})
export class ApiModule {
  static forRoot(settings: ServiceSettings, api: ApiSettings): DynamicModule {
    return {
      module: ApiModule,
      imports: transportImports(settings, api.instance),
      controllers: [ApiHandlers, SeckillHttp, HealthHttp],
      providers: [
        { provide: API_SETTINGS, useValue: api },
        Admissions,
        Gates,
        Results,
        Throughput,
        WorkerQuestions,
      ],
    }
  }
}
