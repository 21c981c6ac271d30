import type { LostReason, Outcome } from '@rockhopper/seckill-contracts'
import { Column, Entity, Index, PrimaryColumn, type ValueTransformer } from 'typeorm'

/** PostgreSQL gives a bigint as text; ms since 1970 and offsets fit a number. */
const whole: ValueTransformer = {
  from: (value: string | number | null) => (value === null ? null : Number(value)),
  to: (value: number | null | undefined) => value,
}

/** The answer to a ticket. One user has one of them in a campaign, whatever comes twice. */
@Entity('tickets')
@Index(['campaignId', 'userId'], { unique: true })
export class TicketRow {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  ticket: string

  @Column({ type: 'varchar', length: 64 })
  campaignId: string

  @Column({ type: 'varchar', length: 64 })
  itemId: string

  @Column({ type: 'varchar', length: 64 })
  userId: string

  @Index()
  @Column({ type: 'varchar', length: 16 })
  outcome: Outcome

  @Column({ type: 'varchar', length: 16, nullable: true })
  reason: LostReason | null

  /** 1 for the answer, 2 for what became of a win. */
  @Column({ type: 'integer' })
  step: number

  @Column({ type: 'bigint', nullable: true, transformer: whole })
  payBefore: number | null

  @Column({ type: 'bigint', transformer: whole })
  decidedAt: number

  /** Where the request stood in line: queue and offset of its message. */
  @Column({ type: 'varchar', length: 130 })
  queue: string

  @Column({ type: 'bigint', transformer: whole })
  queueOffset: number
}
