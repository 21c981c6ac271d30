import { type DynamicModule, Module } from '@nestjs/common'
import {
  databaseImports,
  HealthHttp,
  httpUrl,
  type ServiceSettings,
  SettingsError,
  transportImports,
} from '@rockhopper/seckill-contracts'
import { NoticeHandlers } from './notice-handlers.js'
import { NoticeRow } from './notice-row.js'
import { Notices } from './notices.js'
import { createHttpPushSender, PUSH_SENDER } from './push-sender.js'

@Module({})
export class NotifierModule {
  static forRoot(settings: ServiceSettings): DynamicModule {
    const url = httpUrl('PUSH_URL')
    if (url === undefined)
      throw new SettingsError('PUSH_URL is not set; for example http://127.0.0.1:2526/sms')
    return {
      module: NotifierModule,
      imports: [...transportImports(settings), ...databaseImports(settings, [NoticeRow])],
      controllers: [NoticeHandlers, HealthHttp],
      providers: [Notices, { provide: PUSH_SENDER, useValue: createHttpPushSender(url) }],
    }
  }
}
