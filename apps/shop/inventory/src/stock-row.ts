import { Column, Entity, PrimaryColumn } from 'typeorm'

/** A product and the pieces of it that nobody reserved. */
@Entity('stock')
export class StockRow {
  @PrimaryColumn({ type: 'integer' })
  pid: number

  @Column({ type: 'varchar', length: 200 })
  name: string

  @Column({ type: 'integer' })
  unitPriceCents: number

  /** Counts the changes of the price. */
  @Column({ type: 'integer', default: 0 })
  priceVersion: number

  @Column({ type: 'integer' })
  available: number
}
