import { Column, Entity, PrimaryColumn } from 'typeorm'

/** The last price heard of: what an order goes by while the stock keeper does not answer. */
@Entity('prices')
export class PriceRow {
  @PrimaryColumn({ type: 'integer' })
  pid: number

  @Column({ type: 'varchar', length: 200 })
  name: string

  @Column({ type: 'integer' })
  unitPriceCents: number

  @Column({ type: 'integer', default: 0 })
  priceVersion: number
}
