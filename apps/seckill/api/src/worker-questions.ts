import { Inject, Injectable } from '@nestjs/common'
import { ClientRocketMQ } from '@rockhopper/nestjs'
import type { ItemState, SeckillResult } from '@rockhopper/seckill-contracts'

const ANSWER_TIMEOUT_MS = 2_000

/** What an instance of the API asks the worker. Each rejects when no worker answers in time. */
@Injectable()
export class WorkerQuestions {
  constructor(@Inject(ClientRocketMQ) private readonly client: ClientRocketMQ) {}

  items(campaignId: string): Promise<ItemState[]> {
    return this.client.request('seckill.campaign', { campaignId }, { timeoutMs: ANSWER_TIMEOUT_MS })
  }

  ticket(ticket: string): Promise<SeckillResult | null> {
    return this.client.request('seckill.ticket', { ticket }, { timeoutMs: ANSWER_TIMEOUT_MS })
  }

  pay(ticket: string): Promise<SeckillResult | null> {
    return this.client.request('seckill.pay', { ticket }, { timeoutMs: ANSWER_TIMEOUT_MS })
  }
}
