import { Controller, Inject } from '@nestjs/common'
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices'
import { RocketMQContext, RocketMQEvent } from '@rockhopper/nestjs'
import {
  CampaignQuestion,
  Group,
  type ItemState,
  perSecond,
  SeckillRequest,
  type SeckillResult,
  TicketQuestion,
  UnpaidDue,
} from '@rockhopper/seckill-contracts'
import { Campaigns } from './campaigns.js'
import { Decisions } from './decisions.js'
import { Wins } from './wins.js'
import { DECISIONS_PER_SECOND } from './worker-settings.js'

@Controller()
export class WorkerHandlers {
  constructor(
    @Inject(Decisions) private readonly decisions: Decisions,
    @Inject(Wins) private readonly wins: Wins,
    @Inject(Campaigns) private readonly campaigns: Campaigns,
  ) {}

  /** Orderly: the requests of an item are in one queue, and come in the order of their arrival. */
  @RocketMQEvent('seckill_topic:request', {
    group: Group.WORKER,
    orderly: true,
    rateLimit: perSecond(DECISIONS_PER_SECOND),
  })
  request(@Payload() request: SeckillRequest, @Ctx() context: RocketMQContext): Promise<string> {
    const queue = `${context.getMessage().brokerName}/${context.getQueueId()}`
    return this.decisions.decide(request, { queue, queueOffset: context.getQueueOffset() })
  }

  @EventPattern('seckill_unpaid_topic:due', { group: Group.WORKER_UNPAID })
  due(@Payload() { ticket }: UnpaidDue): Promise<string> {
    return this.wins.collect(ticket)
  }

  @MessagePattern('seckill.campaign', { group: Group.WORKER_QUESTIONS })
  campaign(@Payload() { campaignId }: CampaignQuestion): Promise<ItemState[]> {
    return this.campaigns.items(campaignId)
  }

  @MessagePattern('seckill.ticket', { group: Group.WORKER_QUESTIONS })
  ticket(@Payload() { ticket }: TicketQuestion): Promise<SeckillResult | null> {
    return this.campaigns.ticket(ticket)
  }

  @MessagePattern('seckill.pay', { group: Group.WORKER_QUESTIONS })
  pay(@Payload() { ticket }: TicketQuestion): Promise<SeckillResult | null> {
    return this.wins.pay(ticket)
  }
}
