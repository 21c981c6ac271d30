import 'reflect-metadata'
import { Type } from 'class-transformer'
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsIn,
  IsInt,
  IsOptional,
  IsPositive,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator'

const NAME = /^[A-Za-z0-9._-]{1,64}$/

/** What tells items of all campaigns apart; the sharding key of their requests. */
export const itemKey = (of: { readonly campaignId: string; readonly itemId: string }): string =>
  `${of.campaignId}/${of.itemId}`

/** seckill_topic:request */
export class SeckillRequest {
  @IsString()
  @Length(1, 64)
  ticket: string

  @Matches(NAME)
  campaignId: string

  @Matches(NAME)
  itemId: string

  @IsString()
  @Length(1, 64)
  userId: string

  /** When the API took it, ms since 1970. */
  @IsInt()
  @IsPositive()
  requestedAt: number
}

export const OUTCOMES = ['won', 'lost', 'paid', 'released'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Why a ticket lost. */
export type LostReason = 'sold-out' | 'no-such-item'

/** seckill_result_topic; the tag is the outcome. */
export class SeckillResult {
  @IsString()
  @Length(1, 64)
  ticket: string

  @Matches(NAME)
  campaignId: string

  @Matches(NAME)
  itemId: string

  @IsString()
  @Length(1, 64)
  userId: string

  @IsIn(OUTCOMES)
  outcome: Outcome

  /** 1 for the answer, 2 for what became of a win: messages may overtake each other. */
  @IsInt()
  @IsPositive()
  step: number

  @IsOptional()
  @IsString()
  reason?: LostReason

  /** Until when a win has to be paid, ms since 1970. */
  @IsOptional()
  @IsInt()
  payBefore?: number

  @IsInt()
  @IsPositive()
  decidedAt: number
}

/** seckill_unpaid_topic:due */
export class UnpaidDue {
  @IsString()
  @Length(1, 64)
  ticket: string
}

/** seckill_gate_topic:changed, and part of the answer to `seckill.campaign`. */
export class ItemState {
  @Matches(NAME)
  campaignId: string

  @Matches(NAME)
  itemId: string

  @IsInt()
  @Min(0)
  stock: number

  @IsInt()
  @Min(0)
  remaining: number

  /** Wins given back so far. */
  @IsInt()
  @Min(0)
  released: number

  /** Counts the changes of the item: an older state never replaces a newer one. */
  @IsInt()
  @Min(0)
  version: number
}

/** The question behind `seckill.campaign`; answered with the states of its items, none when unknown. */
export class CampaignQuestion {
  @Matches(NAME)
  campaignId: string
}

/** The question behind `seckill.ticket` and `seckill.pay`; answered with a `SeckillResult` or null. */
export class TicketQuestion {
  @IsString()
  @Length(1, 64)
  ticket: string
}

export class NewItem {
  @Matches(NAME)
  itemId: string

  @IsInt()
  @Min(1)
  @Max(1_000_000)
  stock: number
}

/** Body of the worker's POST /campaigns. */
export class NewCampaign {
  @Matches(NAME)
  campaignId: string

  @ArrayNotEmpty()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => NewItem)
  items: NewItem[]
}
