import { type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm'
import { bodyType } from './entities.js'

/**
 * Makes both tables, for applications without `synchronize`: add it to the `migrations` of the data source.
 */
export class CreateOutboxAndInbox1764000000000 implements MigrationInterface {
  readonly name = 'CreateOutboxAndInbox1764000000000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(outboxTable(bodyType(runner.dataSource.options.type)), true)
    await runner.createTable(inboxTable(), true)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('rocketmq_inbox', true)
    await runner.dropTable('rocketmq_outbox', true)
  }
}

function outboxTable(body: string): Table {
  return new Table({
    name: 'rocketmq_outbox',
    columns: [
      { name: 'id', type: 'integer', isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      { name: 'event_id', type: 'varchar', length: '36' },
      { name: 'topic', type: 'varchar', length: '127' },
      { name: 'tag', type: 'varchar', length: '255', isNullable: true },
      { name: 'keys', type: 'text', isNullable: true },
      { name: 'properties', type: 'text', isNullable: true },
      { name: 'body', type: body },
      { name: 'aggregate_id', type: 'varchar', length: '127', isNullable: true },
      { name: 'delay_level', type: 'integer', isNullable: true },
      { name: 'created_at', type: 'bigint' },
      { name: 'attempts', type: 'integer', default: 0 },
      { name: 'next_attempt_at', type: 'bigint' },
      { name: 'lease_owner', type: 'varchar', length: '60', isNullable: true },
      { name: 'lease_until', type: 'bigint', isNullable: true },
      { name: 'sent_at', type: 'bigint', isNullable: true },
      { name: 'message_id', type: 'varchar', length: '64', isNullable: true },
      { name: 'last_error', type: 'text', isNullable: true },
    ],
    indices: [
      new TableIndex({ name: 'rocketmq_outbox_event', columnNames: ['event_id'], isUnique: true }),
      new TableIndex({ name: 'rocketmq_outbox_due', columnNames: ['sent_at', 'next_attempt_at', 'id'] }),
      new TableIndex({ name: 'rocketmq_outbox_aggregate', columnNames: ['aggregate_id', 'sent_at', 'id'] }),
    ],
  })
}

function inboxTable(): Table {
  return new Table({
    name: 'rocketmq_inbox',
    columns: [
      { name: 'consumer', type: 'varchar', length: '120', isPrimary: true },
      { name: 'key', type: 'varchar', length: '255', isPrimary: true },
      { name: 'token', type: 'varchar', length: '36' },
      { name: 'created_at', type: 'bigint' },
    ],
  })
}
