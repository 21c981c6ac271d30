import { Customer } from '@rockhopper/shop-contracts'
import { Type } from 'class-transformer'
import { ArrayMaxSize, ArrayNotEmpty, IsInt, IsPositive, Max, Min, ValidateNested } from 'class-validator'

export class PlaceOrderItem {
  @IsInt()
  @IsPositive()
  pid: number

  @IsInt()
  @Min(1)
  @Max(1_000)
  quantity: number
}

/** Body of POST /orders. */
export class PlaceOrder {
  @ValidateNested()
  @Type(() => Customer)
  customer: Customer

  @ArrayNotEmpty()
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => PlaceOrderItem)
  items: PlaceOrderItem[]
}
