import type { Customer, OrderItem } from '@rockhopper/shop-contracts'
import { Column, Entity, Index, PrimaryColumn } from 'typeorm'

export type OrderStatus = 'PENDING' | 'CONFIRMED' | 'CANCELLED'
export type InventoryAnswer = 'WAITING' | 'RESERVED' | 'REJECTED'
export type PaymentAnswer = 'WAITING' | 'TAKEN' | 'REFUSED'

/**
 * One order. `status` moves from PENDING once; what is CONFIRMED may still be CANCELLED by the customer. The
 * two answers say why.
 */
@Entity('orders')
export class OrderRow {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id: string

  /** What the caller sent as Idempotency-Key: one key, one order. */
  @Index({ unique: true })
  @Column({ type: 'varchar', length: 200 })
  idempotencyKey: string

  /** SHA-256 of the request, so that a key reused for something else is told apart from a repeat. */
  @Column({ type: 'varchar', length: 64 })
  requestHash: string

  @Column({ type: 'varchar', length: 16 })
  status: OrderStatus

  @Column({ type: 'varchar', length: 16 })
  inventory: InventoryAnswer

  @Column({ type: 'varchar', length: 16 })
  payment: PaymentAnswer

  @Column({ type: 'varchar', length: 300, default: '' })
  reason: string

  @Column({ type: 'simple-json' })
  customer: Customer

  @Column({ type: 'simple-json' })
  items: OrderItem[]

  @Column({ type: 'integer' })
  totalCents: number

  @Column({ type: 'varchar', length: 32 })
  createdAt: string
}
