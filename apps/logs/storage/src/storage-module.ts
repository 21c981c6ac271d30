import { type DynamicModule, Module } from '@nestjs/common'
import { HealthHttp, type ServiceSettings, serviceImports } from '@rockhopper/logs-contracts'
import { STORAGE_SETTINGS, Storage } from './storage.js'
import { StorageHttp } from './storage-http.js'
import type { StorageSettings } from './storage-settings.js'

@Module({})
export class StorageModule {
  static forRoot(service: ServiceSettings, storage: StorageSettings): DynamicModule {
    return {
      module: StorageModule,
      imports: serviceImports(service),
      controllers: [StorageHttp, HealthHttp],
      providers: [{ provide: STORAGE_SETTINGS, useValue: storage }, Storage],
    }
  }
}
