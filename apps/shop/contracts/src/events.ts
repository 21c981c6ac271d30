import 'reflect-metadata'
import { Type } from 'class-transformer'
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsEmail,
  IsInt,
  IsISO8601,
  IsNotEmpty,
  IsOptional,
  IsPhoneNumber,
  IsPositive,
  IsString,
  Length,
  Max,
  Min,
  ValidateNested,
} from 'class-validator'

/** Who buys. Carried in the event, so that no service has to ask another one for it. */
export class Customer {
  @IsString()
  @Length(1, 64)
  id: string

  @IsString()
  @Length(1, 100)
  name: string

  @IsEmail()
  email: string

  @IsPhoneNumber()
  phone: string
}

export class OrderItem {
  @IsInt()
  @IsPositive()
  pid: number

  @IsString()
  @IsNotEmpty()
  name: string

  @IsInt()
  @Min(1)
  @Max(1_000)
  quantity: number

  /** Price of one piece, in cents. */
  @IsInt()
  @Min(0)
  unitPriceCents: number
}

/** order_topic:created */
export class OrderCreated {
  @IsString()
  @Length(1, 64)
  orderId: string

  @ValidateNested()
  @Type(() => Customer)
  customer: Customer

  @ArrayNotEmpty()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => OrderItem)
  items: OrderItem[]

  @IsInt()
  @Min(0)
  totalCents: number

  @IsISO8601()
  createdAt: string
}

/**
 * All other events and commands of an order: order_topic:confirmed and :cancelled, inventory_topic,
 * payment_topic, inventory_command, payment_command, order_timeout_topic. The tag says which.
 */
export class OrderStep {
  @IsString()
  @Length(1, 64)
  orderId: string

  /** In words, for people: why it was rejected, refused, cancelled. */
  @IsOptional()
  @IsString()
  reason?: string

  /** Of a payment, in cents. */
  @IsOptional()
  @IsInt()
  amountCents?: number
}

/** price_topic:changed */
export class PriceChanged {
  @IsInt()
  @IsPositive()
  pid: number

  @IsString()
  @Length(1, 200)
  name: string

  @IsInt()
  @Min(0)
  unitPriceCents: number

  /** Counts the changes of this price: an older one that comes later is not taken. */
  @IsInt()
  @Min(0)
  priceVersion: number
}

/** user_topic:registered */
export class UserRegistered {
  @IsString()
  @Length(1, 64)
  userId: string

  @IsString()
  @Length(1, 100)
  name: string

  @IsEmail()
  email: string

  @IsPhoneNumber()
  phone: string
}

/** The question behind `inventory.quote`. */
export class QuoteRequest {
  @IsInt()
  @IsPositive()
  pid: number

  @IsInt()
  @Min(1)
  @Max(1_000)
  quantity: number
}

/** Its answer. */
export interface Quote {
  readonly pid: number
  readonly name: string
  readonly unitPriceCents: number
  readonly priceVersion: number
  /** Pieces that are not reserved right now. */
  readonly available: number
}

/**
 * order-topic: the order as the Java services of the tutorial name its fields. Price in whole units with
 * cents.
 */
export interface ShopOrder {
  readonly oid: string
  readonly uid: string
  readonly username: string
  readonly pid: number
  readonly pname: string
  readonly pprice: number
  readonly number: number
}
