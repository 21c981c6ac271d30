import { Column, Entity, PrimaryColumn } from 'typeorm'

/**
 * One message to a winner. Committed as `sending` before anything leaves, as `sent` after the other side took
 * it; one that stays `sending` is sent again under the same id.
 */
@Entity('notices')
export class NoticeRow {
  /** `<ticket>.<outcome>`: the provider drops repeats of it. */
  @PrimaryColumn({ type: 'varchar', length: 80 })
  id: string

  @Column({ type: 'varchar', length: 64 })
  recipient: string

  @Column({ type: 'varchar', length: 200 })
  text: string

  @Column({ type: 'varchar', length: 8 })
  status: 'sending' | 'sent'
}
