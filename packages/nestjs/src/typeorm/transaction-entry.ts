import { Column, Entity, PrimaryColumn } from 'typeorm'
import { time } from './columns.js'

/**
 * What became of a transaction. COMMITTED is written by the transaction itself, first of all, so that it is
 * there if and only if that commits; ROLLED_BACK by a check that found nothing. The key lets only one of them
 * in.
 */
@Entity('rocketmq_transaction')
export class TransactionEntry {
  /** UNIQ_KEY of the message. */
  @PrimaryColumn({ type: 'varchar', length: 64, name: 'transaction_id' })
  transactionId!: string

  @Column({ type: 'varchar', length: 12 })
  state!: 'COMMITTED' | 'ROLLED_BACK'

  @Column({ ...time, name: 'created_at' })
  createdAt!: number
}
