import { Controller, Get, Inject } from '@nestjs/common'
import { EventPattern, Payload } from '@nestjs/microservices'
import { Group, perSecond, SeckillResult, wholeNumber } from '@rockhopper/seckill-contracts'
import type { NoticeRow } from './notice-row.js'
import { Notices } from './notices.js'

/** Messages begun in a second: what the provider behind takes, however fast winners are made. */
const PER_SECOND = wholeNumber('SECKILL_NOTICE_RATE', { byDefault: 50, min: 1, max: 100_000 })

@Controller('notices')
export class NoticeHandlers {
  constructor(@Inject(Notices) private readonly notices: Notices) {}

  @EventPattern('seckill_result_topic', {
    group: Group.NOTIFIER,
    filter: 'won||released',
    rateLimit: perSecond(PER_SECOND),
  })
  result(@Payload() result: SeckillResult): Promise<string> {
    return this.notices.tell(result)
  }

  @Get()
  list(): Promise<NoticeRow[]> {
    return this.notices.list()
  }
}
