import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common'
import { ticketOf } from '@rockhopper/seckill-contracts'
import { Decisions } from '@rockhopper/seckill-worker'
import { Matches } from 'class-validator'

class DirectBody {
  @Matches(/^[A-Za-z0-9._-]{1,64}$/)
  userId: string
}

/** The same request as at the API, answered with the decision itself. */
@Controller()
export class DirectHttp {
  #count = 0

  constructor(@Inject(Decisions) private readonly decisions: Decisions) {}

  @Post('campaigns/:campaignId/items/:itemId/requests')
  @HttpCode(200)
  async request(
    @Param('campaignId') campaignId: string,
    @Param('itemId') itemId: string,
    @Body() { userId }: DirectBody,
  ): Promise<{ readonly ticket: string; readonly decision: string }> {
    const ticket = ticketOf(campaignId, userId)
    const request = { ticket, campaignId, itemId, userId, requestedAt: Date.now() }
    const place = { queue: 'direct', queueOffset: this.#count++ }
    return { ticket, decision: await this.decisions.decide(request, place) }
  }
}
