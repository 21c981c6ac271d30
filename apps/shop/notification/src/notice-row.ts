import { Column, Entity, Index, PrimaryColumn } from 'typeorm'

export type NoticeStatus = 'sending' | 'sent'
export type Channel = 'mail' | 'sms'

/**
 * One mail or SMS. The row is committed as `sending` before anything leaves, and as `sent` after the other
 * side took it; one that stays `sending` is sent again with the same id, so that a repeat can be recognised.
 */
@Entity('notices')
export class NoticeRow {
  /** `<order or user id>.<kind>.<channel>`: the Message-ID of a mail, the idempotency key of an SMS. */
  @PrimaryColumn({ type: 'varchar', length: 120 })
  id: string

  /** Order or user id. */
  @Index()
  @Column({ type: 'varchar', length: 64 })
  about: string

  @Column({ type: 'varchar', length: 8 })
  channel: Channel

  @Column({ type: 'varchar', length: 254 })
  recipient: string

  @Column({ type: 'varchar', length: 200 })
  subject: string

  @Column({ type: 'text' })
  text: string

  @Index()
  @Column({ type: 'varchar', length: 8 })
  status: NoticeStatus
}
