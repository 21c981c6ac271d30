import { Controller, Get, Inject } from '@nestjs/common'
import type { NoticeRow } from './notice-row.js'
import { Notices } from './notices.js'

@Controller()
export class NoticesHttp {
  constructor(@Inject(Notices) private readonly notices: Notices) {}

  @Get('messages')
  list(): Promise<NoticeRow[]> {
    return this.notices.list()
  }
}
