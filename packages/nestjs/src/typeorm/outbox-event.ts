import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm'
import { json, time } from './columns.js'

/**
 * An event that was decided on but perhaps not sent yet. Written with the change it tells of, in one
 * transaction.
 */
@Entity('rocketmq_outbox')
@Index('rocketmq_outbox_event', ['eventId'], { unique: true })
@Index('rocketmq_outbox_due', ['sentAt', 'nextAttemptAt', 'id'])
@Index('rocketmq_outbox_aggregate', ['aggregateId', 'sentAt', 'id'])
export class OutboxEvent {
  /** Order of insertion. */
  @PrimaryGeneratedColumn()
  id!: number

  /** Stays the same when the event is sent twice; travels as the property `rockhopper-event-id`. */
  @Column({ name: 'event_id', type: 'varchar', length: 36 })
  eventId!: string

  @Column({ type: 'varchar', length: 127 })
  topic!: string

  @Column({ type: 'varchar', length: 255, nullable: true })
  tag!: string | null

  @Column(json)
  keys!: string[] | null

  @Column(json)
  properties!: Record<string, string> | null

  /** JSON text. */
  @Column({ type: 'text' })
  body!: string

  /** Events of one aggregate are sent in order of their id. */
  @Column({ name: 'aggregate_id', type: 'varchar', length: 127, nullable: true })
  aggregateId!: string | null

  @Column({ name: 'delay_level', type: 'integer', nullable: true })
  delayLevel!: number | null

  @Column({ ...time, name: 'created_at' })
  createdAt!: number

  @Column({ name: 'attempts', type: 'integer', default: 0 })
  attempts!: number

  @Column({ ...time, name: 'next_attempt_at' })
  nextAttemptAt!: number

  /** Which relay is sending it, and until when the others leave it alone. */
  @Column({ name: 'lease_owner', type: 'varchar', length: 60, nullable: true })
  leaseOwner!: string | null

  @Column({ ...time, name: 'lease_until', nullable: true })
  leaseUntil!: number | null

  /** When the broker acknowledged it; null until then. */
  @Column({ ...time, name: 'sent_at', nullable: true })
  sentAt!: number | null

  @Column({ name: 'message_id', type: 'varchar', length: 64, nullable: true })
  messageId!: string | null

  @Column({ name: 'last_error', type: 'text', nullable: true })
  lastError!: string | null
}
