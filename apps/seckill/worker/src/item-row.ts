import { Column, Entity, PrimaryColumn } from 'typeorm'

/** An item of a campaign, and how much of it is left. */
@Entity('items')
export class ItemRow {
  /** `campaign/item`. */
  @PrimaryColumn({ type: 'varchar', length: 130 })
  id: string

  @Column({ type: 'varchar', length: 64 })
  campaignId: string

  @Column({ type: 'varchar', length: 64 })
  itemId: string

  @Column({ type: 'integer' })
  stock: number

  /** Never below 0: whoever takes one asks for `remaining > 0` in the same statement. */
  @Column({ type: 'integer' })
  remaining: number

  /** Wins given back so far. */
  @Column({ type: 'integer', default: 0 })
  released: number

  /** Grows with every change. */
  @Column({ type: 'integer', default: 0 })
  version: number
}
