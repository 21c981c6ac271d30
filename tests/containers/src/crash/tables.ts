import { rocketMQEntities, TransactionEntry } from '@rockhopper/nestjs/typeorm'
import { Column, type DataSourceOptions, Entity, PrimaryColumn } from 'typeorm'

/** An order that was placed. */
@Entity('placed')
export class Placed {
  @PrimaryColumn({ type: 'varchar', length: 40 })
  key!: string
}

/** How often it was charged for. */
@Entity('effect')
export class Effect {
  @PrimaryColumn({ type: 'varchar', length: 40 })
  key!: string

  @Column({ type: 'integer' })
  count!: number
}

/** @param database `postgres://…`, `mariadb://…`, or the path of a SQLite file. */
export function dataSourceOptions(database: string): DataSourceOptions {
  const type = /^(postgres|mariadb):/.exec(database)?.[1] as 'postgres' | 'mariadb' | undefined
  const entities = [...rocketMQEntities(type ?? 'better-sqlite3'), TransactionEntry, Placed, Effect]
  if (type === undefined) return { type: 'better-sqlite3', database, enableWAL: true, entities }
  return { type, url: database, entities }
}
