import { type DynamicModule, Module } from '@nestjs/common'
import {
  Group,
  HealthHttp,
  type ServiceSettings,
  SettingsError,
  serviceImports,
} from '@rockhopper/shop-contracts'
import { HistoryHandlers } from './history-handlers.js'
import { NoticeHandlers } from './notice-handlers.js'
import { NoticeRow } from './notice-row.js'
import { Notices } from './notices.js'
import { NoticesHttp } from './notices-http.js'
import { OrderHistory } from './order-history.js'
import { OrderHistoryRow } from './order-history-row.js'
import { OrderNews } from './order-news.js'
import { OrderNewsRow } from './order-news-row.js'
import { createHttpSmsSender, createSmtpSender, MAIL_SENDER, SMS_SENDER } from './senders.js'
import { Welcome } from './welcome.js'

@Module({})
export class NotificationModule {
  static forRoot(settings: ServiceSettings): DynamicModule {
    const mail = createSmtpSender(wanted('SMTP_URL', 'smtp://127.0.0.1:2525'))
    const sms = createHttpSmsSender(wanted('SMS_URL', 'http://127.0.0.1:2526/sms'))
    return {
      module: NotificationModule,
      imports: serviceImports(settings, {
        groups: [Group.NOTIFICATION_ORDERS, Group.NOTIFICATION_HISTORY, Group.NOTIFICATION_USERS],
        entities: [OrderNewsRow, OrderHistoryRow, NoticeRow],
      }),
      controllers: [NoticeHandlers, HistoryHandlers, NoticesHttp, HealthHttp],
      providers: [
        Notices,
        OrderNews,
        OrderHistory,
        Welcome,
        { provide: MAIL_SENDER, useValue: mail },
        { provide: SMS_SENDER, useValue: sms },
      ],
    }
  }
}

function wanted(name: string, example: string): string {
  const value = process.env[name]
  if (value !== undefined && URL.canParse(value)) return value
  throw new SettingsError(
    `${name} is ${value === undefined ? 'not set' : 'no address'}; for example ${name}=${example}`,
  )
}
