import { Column, Entity, Index, PrimaryColumn } from 'typeorm'

@Entity('users')
export class UserRow {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id: string

  @Column({ type: 'varchar', length: 100 })
  name: string

  @Index({ unique: true })
  @Column({ type: 'varchar', length: 254 })
  email: string

  @Column({ type: 'varchar', length: 32 })
  phone: string
}
