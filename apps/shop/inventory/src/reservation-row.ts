import type { OrderItem } from '@rockhopper/shop-contracts'
import { Column, Entity, PrimaryColumn } from 'typeorm'

/**
 * What was done about an order. RELEASED and TOMBSTONE are final: an order that was released, or whose
 * release came before the order itself, is never reserved any more.
 */
export type ReservationStatus = 'RESERVED' | 'REJECTED' | 'RELEASED' | 'TOMBSTONE'

@Entity('reservations')
export class ReservationRow {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  orderId: string

  @Column({ type: 'varchar', length: 16 })
  status: ReservationStatus

  @Column({ type: 'simple-json' })
  items: OrderItem[]
}
