import {
  type DataSourceOptions,
  EntitySchema,
  type EntitySchemaColumnOptions,
  getMetadataArgsStorage,
} from 'typeorm'
import { InboxEntry } from './inbox-entry.js'
import { OutboxEvent } from './outbox-event.js'

/** For the `entities` of a data source on PostgreSQL or SQLite. */
export const ROCKETMQ_ENTITIES = [OutboxEvent, InboxEntry] as const

/** Column type of event bodies: a `text` of MySQL and MariaDB ends at 64 KiB, a message body does not. */
export function bodyType(database: DataSourceOptions['type']): 'text' | 'mediumtext' {
  return isMySQL(database) ? 'mediumtext' : 'text'
}

export const isMySQL = (database: DataSourceOptions['type']): boolean =>
  database === 'mysql' || database === 'mariadb' || database === 'aurora-mysql'

/** For the `entities` of a data source on any database: `entities: [...rocketMQEntities('mariadb'), …]`. */
export function rocketMQEntities(
  database: DataSourceOptions['type'],
): (typeof OutboxEvent | typeof InboxEntry | EntitySchema<OutboxEvent>)[] {
  return isMySQL(database) ? [outboxWith(bodyType(database)), InboxEntry] : [...ROCKETMQ_ENTITIES]
}

/** The entity `OutboxEvent`, as its decorators say, but for the type of its body. */
function outboxWith(type: 'mediumtext' | 'text'): EntitySchema<OutboxEvent> {
  const storage = getMetadataArgsStorage()
  const columns = storage.filterColumns(OutboxEvent).map(({ propertyName, options }) => {
    const generated = storage.findGenerated(OutboxEvent, propertyName) !== undefined
    const own = { ...options, ...(propertyName === 'body' ? { type } : {}), ...(generated && { generated }) }
    return [propertyName, own as EntitySchemaColumnOptions] as const
  })
  return new EntitySchema({
    name: 'OutboxEvent',
    target: OutboxEvent,
    tableName: storage.filterTables(OutboxEvent)[0]?.name as string,
    columns: Object.fromEntries(columns) as never,
    indices: storage.filterIndices(OutboxEvent).map(({ name, columns: named, unique = false }) => {
      return { name: name as string, columns: named as string[], unique }
    }),
  })
}
