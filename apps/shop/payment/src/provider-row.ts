import { Column, Entity, PrimaryColumn } from 'typeorm'

/** The provider's own book: one row for each idempotency key it ever saw. */
@Entity('provider_book')
export class ProviderRow {
  @PrimaryColumn({ type: 'varchar', length: 100 })
  idempotencyKey: string

  @Column({ type: 'varchar', length: 16 })
  kind: 'charge' | 'refund'

  @Column({ type: 'varchar', length: 16 })
  outcome: 'done' | 'refused'

  @Column({ type: 'integer' })
  amountCents: number
}
