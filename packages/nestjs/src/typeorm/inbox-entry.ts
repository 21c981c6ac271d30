import { Column, Entity, PrimaryColumn } from 'typeorm'
import { time } from './columns.js'

/** A consumer dealt with a business key. Written with the effect, in one transaction. */
@Entity('rocketmq_inbox')
export class InboxEntry {
  @PrimaryColumn({ type: 'varchar', length: 120 })
  consumer!: string

  @PrimaryColumn({ type: 'varchar', length: 255 })
  key!: string

  /** Tells the writer whether the row is its own. */
  @Column({ type: 'varchar', length: 36 })
  token!: string

  @Column({ ...time, name: 'created_at' })
  createdAt!: number
}
