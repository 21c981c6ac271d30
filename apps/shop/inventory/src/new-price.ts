import { IsInt, Max, Min } from 'class-validator'

/** Body of POST /stock/PID/price. */
export class NewPrice {
  @IsInt()
  @Min(0)
  @Max(100_000_000)
  unitPriceCents: number
}
