import { Column, Entity, PrimaryColumn } from 'typeorm'

/** As with reservations: REFUNDED and TOMBSTONE are final, nothing is charged any more. */
export type PaymentStatus = 'TAKEN' | 'REFUSED' | 'REFUNDED' | 'TOMBSTONE'

@Entity('payments')
export class PaymentRow {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  orderId: string

  @Column({ type: 'varchar', length: 16 })
  status: PaymentStatus

  @Column({ type: 'integer' })
  amountCents: number

  /** The provider's reference of the charge; empty when nothing was charged. */
  @Column({ type: 'varchar', length: 100, default: '' })
  reference: string
}
