import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm'

/** Something that happened to an order; ids grow in the order of happening. */
@Entity('order_history')
export class OrderHistoryRow {
  @PrimaryGeneratedColumn()
  id: number

  @Index()
  @Column({ type: 'varchar', length: 64 })
  orderId: string

  /** Tag of the event: created, confirmed, cancelled. */
  @Column({ type: 'varchar', length: 16 })
  what: string

  @Column({ type: 'varchar', length: 300, default: '' })
  reason: string

  @Column({ type: 'varchar', length: 32 })
  at: string
}
