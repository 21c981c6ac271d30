import { Column, Entity, PrimaryColumn } from 'typeorm'

/** What is known about an order so far. Events come in any order, so every part may be the first. */
@Entity('order_news')
export class OrderNewsRow {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  orderId: string

  @Column({ type: 'varchar', length: 100, default: '' })
  name: string

  @Column({ type: 'varchar', length: 254, default: '' })
  email: string

  @Column({ type: 'varchar', length: 32, default: '' })
  phone: string

  @Column({ type: 'integer', default: 0 })
  totalCents: number

  @Column({ type: 'boolean', default: false })
  created: boolean

  @Column({ type: 'boolean', default: false })
  confirmed: boolean

  @Column({ type: 'boolean', default: false })
  cancelled: boolean

  /** Why it was cancelled. */
  @Column({ type: 'varchar', length: 300, default: '' })
  reason: string
}
