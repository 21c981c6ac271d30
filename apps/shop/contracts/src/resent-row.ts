import { Column, Entity, PrimaryColumn } from 'typeorm'

/** A dead letter that was handled after all. Its queue keeps it: nothing can be taken out of one. */
@Entity('resent_dead_letters')
export class ResentRow {
  /** Offset message id of the dead letter. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id: string

  @Column({ type: 'varchar', length: 32 })
  at: string
}
