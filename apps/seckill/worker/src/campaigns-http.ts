import { Body, Controller, Get, Inject, Param, Post } from '@nestjs/common'
import { type ItemState, NewCampaign } from '@rockhopper/seckill-contracts'
import { Campaigns } from './campaigns.js'
import type { TicketRow } from './ticket-row.js'

@Controller('campaigns')
export class CampaignsHttp {
  constructor(@Inject(Campaigns) private readonly campaigns: Campaigns) {}

  @Post()
  open(@Body() campaign: NewCampaign): Promise<ItemState[]> {
    return this.campaigns.open(campaign)
  }

  @Get(':campaignId')
  async find(@Param('campaignId') campaignId: string) {
    const [items, outcomes] = await Promise.all([
      this.campaigns.items(campaignId),
      this.campaigns.outcomes(campaignId),
    ])
    return { campaignId, items, outcomes }
  }

  /** Every decision of a campaign, in the order of the queues. */
  @Get(':campaignId/tickets')
  tickets(@Param('campaignId') campaignId: string): Promise<TicketRow[]> {
    return this.campaigns.tickets(campaignId)
  }
}
